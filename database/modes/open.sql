-- The settings that are to be put back, the dangerous ones first, with the statements that change each and undo that.
--
-- `present` is what postgresql.auto.conf says now. Where that is neither what the journal wanted nor what was there before,
-- somebody else has changed it since: then the setting is theirs (`is_ours`). It is as before where the file says what it
-- said and the server heeds it; a value that comes from another file is not the journal's concern.
SELECT journal.run_id, journal.name, journal.state, journal.wanted, journal.entry, journal.setting, file.present,
       now.setting AS in_force, now.source,
       file.present IS NOT DISTINCT FROM journal.wanted OR file.present IS NOT DISTINCT FROM journal.entry AS is_ours,
       file.present IS NOT DISTINCT FROM journal.entry
       AND (now.setting IS NOT DISTINCT FROM journal.setting
            OR journal.entry IS NULL AND now.sourcefile IS DISTINCT FROM changed.file) AS is_as_before,
       format('ALTER SYSTEM SET %I = %L', journal.name, journal.wanted) AS change,
       CASE WHEN journal.entry IS NULL
            THEN format('ALTER SYSTEM RESET %I', journal.name)
            ELSE format('ALTER SYSTEM SET %I = %L', journal.name, journal.entry) END AS undo
  FROM loader.changed_settings AS journal
 CROSS JOIN (SELECT current_setting('data_directory') || '/postgresql.auto.conf') AS changed (file)
  LEFT JOIN pg_settings AS now USING (name)
 CROSS JOIN LATERAL (
       SELECT (SELECT f.setting
                 FROM pg_file_settings AS f
                WHERE f.name = journal.name AND f.sourcefile = changed.file
                ORDER BY f.seqno DESC
                LIMIT 1) AS present) AS file
 WHERE journal.state <> 'restored'
 ORDER BY journal.name NOT IN ('fsync', 'full_page_writes'), journal.name
