-- Which songs these keys lead to: $1 keys, of which those that lead nowhere are left out. Beside them, of the same moment, how
-- many changes of songs there were and the last of them, by which whoever remembers keys knows whether they still hold.
SELECT changes.number, changes.last, found.positions, found.songs
  FROM (SELECT count(*) AS number, coalesce(max(id), 0) AS last FROM loader.song_changes) AS changes,
       (SELECT coalesce(array_agg(asked.position), '{}') AS positions, coalesce(array_agg(song_id), '{}') AS songs
          FROM unnest($1::text[]) WITH ORDINALITY AS asked (key, position)
          JOIN song_lookup USING (key)) AS found
