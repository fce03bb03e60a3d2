-- A song that a person makes: $1 artist, $2 title, $3 and $4 the keys of the two.
INSERT INTO songs (artist, title, artist_key, title_key, is_named) VALUES ($1, $2, $3, $4, true) RETURNING id
