-- Of these contents, which lost a place: those that lie nowhere any more, it seems: $1 ids. Locked in the order in which every
-- writer takes its locks: whoever stores a place of one has done so by then, or waits.
SELECT id FROM files
 WHERE id = ANY ($1) AND is_active
   AND NOT EXISTS (SELECT FROM file_locations WHERE file_locations.file_id = files.id AND file_locations.is_active)
 ORDER BY id
   FOR UPDATE
