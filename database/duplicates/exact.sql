-- Contents that lie in several places, one row for each place, those with the most places first: $1 least places, $2 a path,
-- null for any: only contents with a place at or below it; $3 most contents, null for all.
WITH places AS NOT MATERIALIZED (
    SELECT located.file_id, located.source_id, located.entry_ordinal, sources.mtime_ns, named.path,
           coalesce(named.path = $2 OR starts_with(named.path, $2 || '/') OR starts_with(named.path, $2 || '!/'), true) AS is_under
      FROM file_locations located
      JOIN sources ON sources.id = located.source_id AND sources.is_active
     CROSS JOIN LATERAL (SELECT sources.path || coalesce('!/' || located.entry_path, '') AS path) AS named
     WHERE located.is_active
), groups AS (
    SELECT file_id AS group_key, count(*) AS copies
      FROM places
     GROUP BY file_id
    HAVING count(*) >= $1 AND bool_or(is_under)
     ORDER BY copies DESC, file_id
     LIMIT $3
)
SELECT groups.group_key, 32::bigint AS equal, files.id, files.digest, files.size_bytes, files.parse_status, music.n_notes,
       music.n_events, places.path, places.mtime_ns, places.is_under
  FROM groups
  JOIN files ON files.id = groups.group_key
  JOIN musical_metadata music ON music.file_id = files.id
  JOIN places ON places.file_id = files.id
 ORDER BY groups.copies DESC, groups.group_key, places.path COLLATE "C", places.source_id, places.entry_ordinal
