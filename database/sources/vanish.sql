-- These sources are no longer on the disk: $1 their ids. What lay in them lies there no more; whether it lies anywhere else
-- is asked by settle.sql, in the same transaction. What a killed run has stored of one that it was reading is forgotten: it
-- is a part, of which nobody will ever read the rest.
WITH known AS (
    SELECT id, state = 'loading' AS is_part FROM sources WHERE id = ANY ($1) AND is_active FOR UPDATE
), gone AS (
    UPDATE sources
       SET is_active = false, vanished_at = now(),
           state = CASE WHEN known.is_part THEN 'failed' ELSE sources.state END,
           entries = CASE WHEN known.is_part THEN 0 ELSE sources.entries END,
           not_midi = CASE WHEN known.is_part THEN 0 ELSE sources.not_midi END
      FROM known
     WHERE sources.id = known.id
    RETURNING sources.id, known.is_part
), places AS (
    UPDATE file_locations SET is_active = false FROM gone
     WHERE source_id = gone.id AND NOT gone.is_part AND file_locations.is_active
    RETURNING file_id
), parts AS (
    DELETE FROM file_locations USING gone WHERE source_id = gone.id AND gone.is_part RETURNING file_id
), refusals AS (
    DELETE FROM rejects USING gone WHERE source_id = gone.id AND gone.is_part
), loose AS (
    INSERT INTO loader.loose_contents SELECT file_id FROM places UNION SELECT file_id FROM parts
)
SELECT count(*) FROM gone
