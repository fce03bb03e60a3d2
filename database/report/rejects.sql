-- What was refused in sources that are still there: $1 the run, $2 the reason; null for any.
SELECT CASE WHEN rejects.entry_path IS NULL THEN sources.path ELSE sources.path || '!/' || rejects.entry_path END AS path,
       rejects.run_id, rejects.stage, rejects.reason, rejects.detail
  FROM rejects
  JOIN sources ON sources.id = rejects.source_id
 WHERE sources.is_active AND ($1::integer IS NULL OR rejects.run_id = $1) AND ($2::text IS NULL OR rejects.reason = $2)
 ORDER BY sources.path COLLATE "C", rejects.entry_ordinal
