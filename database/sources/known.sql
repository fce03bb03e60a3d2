-- What a rescan compares with: the size and time of every source, whether it is complete, and how much is in it.
SELECT id, size_bytes, mtime_ns, state = 'complete', entries FROM sources
