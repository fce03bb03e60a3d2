-- Contents that lie nowhere any more, not even where they would be remembered.
SELECT id FROM files
 WHERE NOT is_active AND NOT EXISTS (SELECT FROM file_locations WHERE file_id = files.id)
 ORDER BY id
