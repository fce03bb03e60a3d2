-- Where these sources lay.
SELECT id, path, path_raw FROM sources WHERE id = ANY ($1)
