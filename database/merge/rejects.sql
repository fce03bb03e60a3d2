-- The same refusal again changes nothing; another one takes the place of what was there.
WITH no_longer_held AS (
    DELETE FROM file_locations USING staging_rejects staged
     WHERE file_locations.source_id = staged.source_id AND file_locations.entry_ordinal = staged.entry_ordinal
    RETURNING file_id
), loose AS (
    INSERT INTO loader.loose_contents SELECT file_id FROM no_longer_held
)
INSERT INTO rejects
SELECT * FROM staging_rejects ORDER BY source_id, entry_ordinal
ON CONFLICT (source_id, entry_ordinal) DO UPDATE
   SET run_id = excluded.run_id, entry_path = excluded.entry_path, entry_path_raw = excluded.entry_path_raw,
       stage = excluded.stage, reason = excluded.reason, detail = excluded.detail,
       is_retried = false
 WHERE (rejects.entry_path, rejects.entry_path_raw, rejects.stage, rejects.reason, rejects.detail,
        rejects.is_retried)
       IS DISTINCT FROM
       (excluded.entry_path, excluded.entry_path_raw, excluded.stage, excluded.reason, excluded.detail, false)
