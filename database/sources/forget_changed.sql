-- A source whose size or modification time is another one now holds other things: its earlier places go. So do those of one
-- that had vanished before it was read to its end: they may be some of its places only.
WITH changed AS (
    SELECT sources.id
      FROM sources
      JOIN staging_sources staged USING (id)
     WHERE (staged.size_bytes >= 0
            AND (sources.size_bytes, sources.mtime_ns) IS DISTINCT FROM (staged.size_bytes, staged.mtime_ns))
        OR NOT sources.is_active
), places AS (
    DELETE FROM file_locations USING changed WHERE source_id = changed.id RETURNING file_id
), loose AS (
    INSERT INTO loader.loose_contents SELECT DISTINCT file_id FROM places
)
DELETE FROM rejects USING changed WHERE source_id = changed.id
