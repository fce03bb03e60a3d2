-- The keys $3 lead to the song $1 from now on, those of them that have led to $2.
UPDATE song_lookup SET song_id = $1 WHERE song_id = $2 AND key = ANY ($3) RETURNING key
