-- The song $1 is called so: $2 artist, $3 title, $4 and $5 the keys of the two; $6 whether by a person.
UPDATE songs SET artist = $2, title = $3, artist_key = $4, title_key = $5, is_named = $6 WHERE id = $1
