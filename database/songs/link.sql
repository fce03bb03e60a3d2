-- Which songs these contents are versions of: $1 contents, $2 songs, $3 and $4 artist and title as each spells them.
INSERT INTO file_songs (file_id, song_id, artist, title)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[])
ON CONFLICT (file_id) DO UPDATE
   SET song_id = excluded.song_id, artist = excluded.artist, title = excluded.title
