-- Songs that have lost or gained a version, or one that is called otherwise now: $1 their ids.
INSERT INTO loader.touched_songs SELECT unnest($1::bigint[])
