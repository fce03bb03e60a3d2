-- These sources are no longer on the disk: $1 their ids. What lay in them lies there no more; whether it lies anywhere else
-- is asked by settle.sql, in the same transaction.
WITH gone AS (
    UPDATE sources SET is_active = false, vanished_at = now() WHERE id = ANY ($1) AND is_active RETURNING id
), places AS (
    UPDATE file_locations SET is_active = false FROM gone
     WHERE source_id = gone.id AND file_locations.is_active
    RETURNING file_id
), loose AS (
    INSERT INTO loader.loose_contents SELECT DISTINCT file_id FROM places
)
SELECT count(*) FROM gone
