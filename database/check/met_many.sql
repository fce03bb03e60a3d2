-- As met.sql, for a large share of the library: each table is read once and hashed, which for so many costs half as much as looking
-- them up.
WITH met AS MATERIALIZED (
    SELECT asked.position, sources.id, sources.size_bytes, sources.mtime_ns, sources.state = 'complete' AS is_complete,
           sources.entries, sources.is_active, bare.file_id
      FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (id, position)
      JOIN sources USING (id)
      LEFT JOIN file_locations bare
        ON bare.source_id = sources.id AND bare.entry_ordinal = 0 AND bare.entry_path IS NULL AND bare.is_active
), copied AS (
    SELECT met.position
      FROM met
     WHERE EXISTS (
           SELECT FROM file_locations other
            WHERE other.file_id = met.file_id AND other.source_id <> met.id AND other.is_active)
)
SELECT met.position, met.size_bytes, met.mtime_ns, met.is_complete, met.entries, met.is_active, files.digest
  FROM met
  LEFT JOIN copied USING (position)
  LEFT JOIN files ON files.id = met.file_id AND copied.position IS NULL
