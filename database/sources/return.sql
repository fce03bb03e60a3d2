-- These sources are back as they were: $1 their ids. Nothing of them was forgotten, so nothing has to be read.
WITH back AS (
    UPDATE sources SET is_active = true, vanished_at = NULL WHERE id = ANY ($1) AND NOT is_active RETURNING id
), places AS (
    UPDATE file_locations SET is_active = true FROM back
     WHERE source_id = back.id AND NOT file_locations.is_active
    RETURNING file_id
), noted AS (
    INSERT INTO loader.unsorted_contents SELECT DISTINCT file_id FROM places
), contents AS (
    UPDATE files SET is_active = true WHERE id IN (SELECT file_id FROM places) AND NOT is_active
)
SELECT count(*) FROM back
