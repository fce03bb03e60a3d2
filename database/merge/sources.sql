-- Bare files: new ones, and those that changed since they were read. What is the same is not touched; where it lies on the
-- disk is noted when it is read for another reason.
INSERT INTO sources
SELECT * FROM staging_sources ORDER BY id
ON CONFLICT (id) DO UPDATE
   SET kind = excluded.kind, size_bytes = excluded.size_bytes, mtime_ns = excluded.mtime_ns, inode = excluded.inode,
       device = excluded.device, state = excluded.state, entries = excluded.entries, not_midi = excluded.not_midi,
       is_active = true, vanished_at = NULL
 WHERE (sources.kind, sources.size_bytes, sources.mtime_ns, sources.state, sources.entries, sources.not_midi, sources.is_active)
       IS DISTINCT FROM
       (excluded.kind, excluded.size_bytes, excluded.mtime_ns, excluded.state, excluded.entries, excluded.not_midi, true)
