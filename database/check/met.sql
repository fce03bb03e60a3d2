-- What the library knows of files that a walk has met: $1 their ids. With the digest of a bare file whose content lies nowhere
-- else; of copies, archives and refusals the rest is asked by held.sql, which costs more. Written as joins: while an import has
-- the secondary indexes suspended, the planner can still hash.
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
