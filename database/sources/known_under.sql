-- What a rescan compares with, below one folder: $1 the root's own id, $2 and $3 the bounds between which the paths below it
-- sort. The index sources_path serves it; a path that only looks as if it lay there does no harm.
-- Of a source whose reading was killed nobody has counted the entries: at least one.
SELECT id, size_bytes, mtime_ns, state = 'complete', greatest(entries, (state = 'loading')::int), is_active
  FROM sources
 WHERE id = $1
UNION ALL
SELECT id, size_bytes, mtime_ns, state = 'complete', greatest(entries, (state = 'loading')::int), is_active
  FROM sources
 WHERE left(path, 512) COLLATE "C" >= $2 AND left(path, 512) COLLATE "C" < $3 AND id <> $1
