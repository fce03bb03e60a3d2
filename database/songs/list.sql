-- Songs with their versions and where each lies, a row for each place, those with the most versions first: $1 parts of words that
-- artist and title must hold, $2 a part of the artist, empty for any, $3 least versions, $4 most songs, null for all. Only what lies
-- somewhere counts.
WITH chosen AS (
    SELECT songs.id, songs.artist, songs.title, songs.is_named, songs.artist_key, songs.title_key, count(*) AS versions
      FROM songs
      JOIN file_songs held ON held.song_id = songs.id
      JOIN files ON files.id = held.file_id AND files.is_active
     WHERE strpos(songs.artist_key, $2) > 0
       AND NOT EXISTS (SELECT FROM unnest($1::text[]) AS wanted (part)
                        WHERE strpos(concat_ws(' ', songs.artist_key, songs.title_key), part) = 0)
     GROUP BY songs.id
    HAVING count(*) >= $3
     ORDER BY versions DESC, songs.artist_key, songs.title_key, songs.id
     LIMIT $4
)
SELECT chosen.id AS song_id, chosen.artist AS song_artist, chosen.title AS song_title, chosen.is_named, files.id AS file_id,
       files.digest, files.size_bytes, held.is_chosen, held.artist, held.title,
       sources.path || coalesce('!/' || located.entry_path, '') AS path
  FROM chosen
  JOIN file_songs held ON held.song_id = chosen.id
  JOIN files ON files.id = held.file_id AND files.is_active
  JOIN file_locations located ON located.file_id = files.id AND located.is_active
  JOIN sources ON sources.id = located.source_id
 ORDER BY chosen.versions DESC, chosen.artist_key, chosen.title_key, chosen.id, files.id, sources.path COLLATE "C", sources.id,
          located.entry_ordinal
