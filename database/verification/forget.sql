-- Sources that are not what is stored although size and time say so: $1 their ids. What was stored of them goes, and the next
-- import reads them, were it a later one.
WITH differing AS (
    UPDATE sources SET state = 'failed' WHERE id = ANY ($1) RETURNING id
), places AS (
    DELETE FROM file_locations USING differing WHERE source_id = differing.id RETURNING file_id
), loose AS (
    INSERT INTO loader.loose_contents SELECT DISTINCT file_id FROM places
)
DELETE FROM rejects USING differing WHERE source_id = differing.id
