-- What these sources were when they were read.
SELECT id, path, path_raw, size_bytes, mtime_ns FROM sources WHERE id = ANY ($1)
