-- What a rescan compares with: the size and time of every source, whether it is complete, how much is in it, and whether the
-- last look found it.
-- Of a source whose reading was killed nobody has counted the entries: at least one.
SELECT id, size_bytes, mtime_ns, state = 'complete', greatest(entries, (state = 'loading')::int), is_active FROM sources
