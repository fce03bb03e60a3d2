-- A person names the song $1: $2 artist, $3 title, $4 and $5 the keys of the two.
UPDATE songs SET artist = $2, title = $3, artist_key = $4, title_key = $5, is_named = true WHERE id = $1
