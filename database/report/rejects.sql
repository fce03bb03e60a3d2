-- What was refused: $1 the run, or null for every refusal that stands.
SELECT CASE WHEN rejects.entry_path IS NULL THEN sources.path ELSE sources.path || '!/' || rejects.entry_path END AS path,
       rejects.run_id, rejects.stage, rejects.reason, rejects.detail
  FROM rejects
  JOIN sources ON sources.id = rejects.source_id
 WHERE $1::integer IS NULL OR rejects.run_id = $1
 ORDER BY sources.path COLLATE "C", rejects.entry_ordinal
