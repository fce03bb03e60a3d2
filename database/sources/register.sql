-- Sources about to be read: made known, or set to loading again. What was stored of those that changed is forgotten by
-- forget_changed.sql, which runs before this.
INSERT INTO sources
SELECT * FROM staging_sources ORDER BY id
ON CONFLICT (id) DO UPDATE
   SET size_bytes = excluded.size_bytes, mtime_ns = excluded.mtime_ns, inode = excluded.inode, device = excluded.device,
       state = 'loading', is_active = true, vanished_at = NULL
