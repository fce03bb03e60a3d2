-- Contents that lost a place, at most $1 of them: those that lie nowhere any more become inactive, and all may be
-- called otherwise now. Answers how many were
-- looked at. Only while nobody stores places: the caller holds the library's lock, and its writers have ended.
WITH taken AS (
    DELETE FROM loader.loose_contents
     WHERE ctid = ANY (ARRAY (SELECT ctid FROM loader.loose_contents LIMIT $1))
    RETURNING file_id
), noted AS (
    INSERT INTO loader.unsorted_contents SELECT DISTINCT file_id FROM taken
), settled AS (
    UPDATE files SET is_active = false
     WHERE id IN (SELECT file_id FROM taken) AND is_active
       AND NOT EXISTS (SELECT FROM file_locations WHERE file_locations.file_id = files.id AND file_locations.is_active)
)
SELECT count(*) FROM taken
