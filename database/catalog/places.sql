-- Every place of these contents that is still there: $1 ids.
SELECT places.file_id, sources.path || coalesce('!/' || places.entry_path, '') AS path
  FROM file_locations places
  JOIN sources ON sources.id = places.source_id AND sources.is_active
 WHERE places.file_id = ANY ($1) AND places.is_active
 ORDER BY places.file_id, sources.path COLLATE "C", sources.id, places.entry_ordinal
