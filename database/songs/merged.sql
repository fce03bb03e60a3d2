-- What is left of the songs $2 once $1 has their versions and names; a person has named $1.
WITH gone AS (
    DELETE FROM songs WHERE id = ANY ($2)
)
UPDATE songs SET is_named = true WHERE id = $1
