-- Contents that share a signature, one row for each place, the largest groups first. {signature} stands for its column.
-- $1 least contents, $2 a path, null for any: only groups with a place at or below it; $3 most groups, null for all; $4 least
-- number of different note signatures in a group: 2 leaves those out that differ in nothing a note signature knows.
WITH places AS NOT MATERIALIZED (
    SELECT located.file_id, located.source_id, located.entry_ordinal, sources.mtime_ns, named.path,
           coalesce(named.path = $2 OR starts_with(named.path, $2 || '/') OR starts_with(named.path, $2 || '!/'), true) AS is_under
      FROM file_locations located
      JOIN sources ON sources.id = located.source_id AND sources.is_active
     CROSS JOIN LATERAL (SELECT sources.path || coalesce('!/' || located.entry_path, '') AS path) AS named
     WHERE located.is_active
), groups AS (
    SELECT music.{signature} AS group_key, count(*) AS copies
      FROM musical_metadata music
      JOIN files ON files.id = music.file_id AND files.is_active
     WHERE music.{signature} IS NOT NULL
     GROUP BY music.{signature}
    HAVING count(*) >= $1 AND count(DISTINCT music.note_signature) >= $4
       AND ($2::text IS NULL OR bool_or(music.file_id IN (SELECT file_id FROM places WHERE is_under)))
     ORDER BY copies DESC, group_key
     LIMIT $3
)
SELECT groups.group_key, 32::bigint AS equal, files.id, files.digest, files.size_bytes, files.parse_status, music.n_notes,
       music.n_events, places.path, places.mtime_ns, places.is_under
  FROM groups
  JOIN musical_metadata music ON music.{signature} = groups.group_key
  JOIN files ON files.id = music.file_id AND files.is_active
  JOIN places ON places.file_id = files.id
 ORDER BY groups.copies DESC, groups.group_key, files.id, places.path COLLATE "C", places.source_id, places.entry_ordinal
