-- Which of the files that a walk has met are stored whole and are there: $1 their ids. With the digest of a bare file whose content
-- lies nowhere else; of copies, archives and refusals the rest is asked by held.sql, which costs more. What a primary key finds is
-- looked up row by row: left to choose, the planner reads tables whole for each portion of the files, and a library of ten times the
-- size costs ten times as much for each (all.sql reads them whole, once). Copies are joined: while an import has the secondary
-- indexes suspended, they can be hashed.
WITH met AS MATERIALIZED (
    SELECT known.*, bare.file_id
      FROM (SELECT * FROM unnest($1::bigint[]) AS asked (id) ORDER BY id) AS asked
      CROSS JOIN LATERAL (
           SELECT id, size_bytes, mtime_ns, entries
             FROM sources
            WHERE id = asked.id AND state = 'complete' AND is_active
           OFFSET 0) AS known
      LEFT JOIN LATERAL (
           SELECT file_id
             FROM file_locations
            WHERE source_id = known.id AND entry_ordinal = 0 AND entry_path IS NULL AND is_active
           OFFSET 0) AS bare ON true
), copied AS (
    SELECT met.id
      FROM met
     WHERE EXISTS (
           SELECT FROM file_locations other
            WHERE other.file_id = met.file_id AND other.source_id <> met.id AND other.is_active)
)
SELECT met.id, met.size_bytes, met.mtime_ns, met.entries,
       CASE WHEN copied.id IS NULL THEN (SELECT digest FROM files WHERE files.id = met.file_id) END AS digest
  FROM met
  LEFT JOIN copied USING (id)
