-- Contents that seemed to lie nowhere any more and are locked since: $1 their ids. Another statement than that which locked them,
-- so that it sees what whoever held the locks before has stored.
UPDATE files SET is_active = false
 WHERE id = ANY ($1) AND is_active
   AND NOT EXISTS (SELECT FROM file_locations WHERE file_locations.file_id = files.id AND file_locations.is_active)
