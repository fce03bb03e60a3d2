-- A source whose size or modification time is another one now holds other things: its earlier places go.
WITH changed AS (
    SELECT sources.id
      FROM sources
      JOIN staging_sources staged USING (id)
     WHERE staged.size_bytes >= 0
       AND (sources.size_bytes, sources.mtime_ns) IS DISTINCT FROM (staged.size_bytes, staged.mtime_ns)
), places AS (
    DELETE FROM file_locations USING changed WHERE source_id = changed.id
)
DELETE FROM rejects USING changed WHERE source_id = changed.id
