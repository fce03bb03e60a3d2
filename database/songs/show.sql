-- Songs shown as most of their versions that lie somewhere spell them: $1 their ids. What a person has named keeps its name.
WITH spellings AS (
    SELECT held.song_id, held.artist, held.title, count(*) AS versions
      FROM file_songs held
      JOIN files ON files.id = held.file_id AND files.is_active
     WHERE held.song_id = ANY ($1)
     GROUP BY held.song_id, held.artist, held.title
), chosen AS (
    SELECT DISTINCT ON (song_id) song_id, artist, title
      FROM spellings
     ORDER BY song_id, versions DESC, title COLLATE "C", artist COLLATE "C" NULLS LAST
)
UPDATE songs SET artist = chosen.artist, title = chosen.title
  FROM chosen
 WHERE songs.id = chosen.song_id AND NOT songs.is_named
   AND (songs.artist, songs.title) IS DISTINCT FROM (chosen.artist, chosen.title)
