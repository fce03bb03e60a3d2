-- Contents that were found in a place: $1 their ids. Their songs are looked for at the end of a run.
INSERT INTO loader.unsorted_contents SELECT unnest($1::bigint[])
