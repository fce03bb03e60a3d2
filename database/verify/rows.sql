-- Every content of the library as one JSON object a line, for scripts/verify-metadata.sh: the columns of its metadata, its digest
-- and state, and where it was found first.
SELECT to_jsonb(m) - 'words' || jsonb_build_object(
           'digest', encode(f.digest, 'hex'), 'parse_status', f.parse_status, 'warnings', f.warnings,
           'size_bytes', f.size_bytes, 'source_path', n.source_path)
  FROM musical_metadata m
  JOIN files f ON f.id = m.file_id
  LEFT JOIN (SELECT l.file_id, min(s.path) AS source_path
               FROM file_locations l JOIN sources s ON s.id = l.source_id
              GROUP BY l.file_id) n ON n.file_id = f.id
 ORDER BY f.digest;
