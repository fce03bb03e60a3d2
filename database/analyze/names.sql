-- What these contents are called.
SELECT file_id, path FROM file_names WHERE file_id = ANY ($1)
