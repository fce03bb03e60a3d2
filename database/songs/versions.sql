-- The versions of the songs that hold the contents $1, with how each is called.
SELECT file_id, song_id, artist, title
  FROM file_songs
 WHERE song_id IN (SELECT song_id FROM file_songs WHERE file_id = ANY ($1))
 ORDER BY file_id
