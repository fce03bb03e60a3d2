-- What is left of the songs $2 once $1 has their versions and names, told to whoever remembers them; a person has named $1.
WITH gone AS (
    DELETE FROM songs WHERE id = ANY ($2)
), told AS (
    INSERT INTO loader.song_changes (song_id) SELECT unnest($2::bigint[])
)
UPDATE songs SET is_named = true WHERE id = $1
