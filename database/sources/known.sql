-- What a rescan compares with: the size and time of every source, whether it is complete, how much is in it, and whether the
-- last look found it.
SELECT id, size_bytes, mtime_ns, state = 'complete', entries, is_active FROM sources
