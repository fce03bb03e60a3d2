-- Songs that are about to be changed, locked in the order of their numbers: $1 the numbers.
SELECT id, artist, title FROM songs WHERE id = ANY ($1) ORDER BY id FOR UPDATE
