-- All sources that are stored whole and are there: what a walk that meets much of the library compares with, which costs a
-- quarter of looking each up (met.sql). With the digest of a bare file; that of one whose content lies elsewhere too (copied.sql)
-- does not count.
SELECT sources.id, sources.size_bytes, sources.mtime_ns, sources.entries, files.digest
  FROM sources
  LEFT JOIN file_locations bare
    ON bare.source_id = sources.id AND bare.entry_ordinal = 0 AND bare.entry_path IS NULL AND bare.is_active
  LEFT JOIN files ON files.id = bare.file_id
 WHERE sources.state = 'complete' AND sources.is_active
