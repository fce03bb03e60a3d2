-- What a pack duplicates: which other archives and folders hold the same files, or other files with the same notes.
--
--   pack  path of the archive: sources.path  the one with the most places
--   rows  most rows                          50
\if :{?pack}
\else
SELECT path AS pack FROM sources JOIN (
       SELECT source_id AS id, count(*) AS places FROM file_locations WHERE is_active GROUP BY source_id) AS counted USING (id)
 ORDER BY places DESC, entries DESC, path LIMIT 1 \gset
\endif
\if :{?rows} \else \set rows 50 \endif

WITH content AS (
    SELECT DISTINCT l.source_id, m.file_id, m.note_signature
      FROM sources AS s
      JOIN file_locations AS l ON l.source_id = s.id
      JOIN musical_metadata AS m USING (file_id)
     WHERE left(s.path, 512) = left(:'pack', 512) AND s.path = :'pack'
), shared AS (
    SELECT content.file_id, l.source_id, true AS is_same_file
      FROM content JOIN file_locations AS l USING (file_id)
     WHERE l.source_id <> content.source_id AND l.is_active
     UNION ALL
    SELECT content.file_id, l.source_id, false
      FROM content
      JOIN musical_metadata AS m ON m.note_signature = content.note_signature AND m.file_id <> content.file_id
      JOIN file_locations AS l ON l.file_id = m.file_id
     WHERE l.source_id <> content.source_id AND l.is_active
)
SELECT s.path,
       count(DISTINCT shared.file_id) FILTER (WHERE is_same_file) AS same_files,
       count(DISTINCT shared.file_id) FILTER (WHERE NOT is_same_file) AS same_notes,
       round(100.0 * count(DISTINCT shared.file_id) / (SELECT count(DISTINCT file_id) FROM content), 1) AS percent_of_pack
  FROM shared
  JOIN sources AS s ON s.id = shared.source_id
 GROUP BY s.id, s.path
 ORDER BY count(DISTINCT shared.file_id) DESC, s.path
 LIMIT :rows;
