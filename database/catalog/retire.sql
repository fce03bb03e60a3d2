-- Marks these contents, and all their places, as no longer there: $1 ids. What is marked already is not written.
WITH places AS (
    UPDATE file_locations SET is_active = false WHERE file_id = ANY ($1) AND is_active
    RETURNING file_id
), noted AS (
    INSERT INTO loader.unsorted_contents SELECT DISTINCT file_id FROM places
)
UPDATE files SET is_active = false WHERE id = ANY ($1) AND is_active
