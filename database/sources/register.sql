-- Sources about to be read: made known, or set to loading again. Which changed since they were read stands in the answer
-- of changed.sql, which runs before this.
INSERT INTO sources
SELECT * FROM staging_sources ORDER BY id
ON CONFLICT (id) DO UPDATE
   SET size_bytes = excluded.size_bytes, mtime_ns = excluded.mtime_ns, state = 'loading', is_active = true
