-- What calls these contents something: $1 their ids. The place is the lowest that claims a title, as in the view file_names, or
-- else the lowest; beside it the song that holds the content now. None of them is deleted before the transaction ends: their foreign
-- key may be suspended.
WITH places AS (
    SELECT DISTINCT ON (located.file_id)
           located.file_id, sources.path || coalesce('!/' || located.entry_path, '') AS path,
           located.name_artist, located.name_title
      FROM file_locations located
      JOIN sources ON sources.id = located.source_id
     WHERE located.file_id = ANY ($1) AND located.is_active
     ORDER BY located.file_id, located.name_title IS NULL, sources.path COLLATE "C", sources.id, located.entry_ordinal
)
SELECT files.id AS file_id, files.is_active, places.path, places.name_artist, places.name_title,
       music.title AS text_title, music.artist AS text_artist,
       held.song_id, coalesce(held.is_chosen, false) AS is_chosen, held.artist, held.title
  FROM files
  LEFT JOIN places ON places.file_id = files.id
  LEFT JOIN musical_metadata music ON music.file_id = files.id
  LEFT JOIN file_songs held ON held.file_id = files.id
 WHERE files.id = ANY ($1)
 ORDER BY files.id
   FOR KEY SHARE OF files
