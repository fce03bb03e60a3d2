-- Deletes the places of these contents: $1 ids. The accounts of their sources stay balanced; answers which sources have
-- nothing left.
WITH gone AS (
    DELETE FROM file_locations WHERE file_id = ANY ($1) RETURNING source_id
), counted AS (
    SELECT source_id, count(*) AS places FROM gone GROUP BY source_id
)
UPDATE sources SET entries = sources.entries - counted.places
  FROM counted
 WHERE sources.id = counted.source_id
RETURNING sources.id
