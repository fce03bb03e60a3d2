-- The settings that are to be put back, the dangerous ones first, with the statements that change each and undo that.
-- `present` is what postgresql.auto.conf says now; where it is neither what the journal wanted nor what was there
-- before, somebody else has changed it since.
SELECT journal.run_id, journal.name, journal.state, journal.wanted, journal.entry, journal.setting, file.present,
       now.setting AS in_force, now.source,
       file.present IS NOT DISTINCT FROM journal.wanted OR file.present IS NOT DISTINCT FROM journal.entry AS is_ours,
       format('ALTER SYSTEM SET %I = %L', journal.name, journal.wanted) AS change,
       CASE WHEN journal.entry IS NULL
            THEN format('ALTER SYSTEM RESET %I', journal.name)
            ELSE format('ALTER SYSTEM SET %I = %L', journal.name, journal.entry) END AS undo
  FROM loader.changed_settings AS journal
  LEFT JOIN pg_settings AS now USING (name)
 CROSS JOIN LATERAL (
       SELECT (SELECT f.setting
                 FROM pg_file_settings AS f
                WHERE f.name = journal.name
                  AND f.sourcefile = current_setting('data_directory') || '/postgresql.auto.conf'
                ORDER BY f.seqno DESC
                LIMIT 1) AS present) AS file
 WHERE journal.state <> 'restored'
 ORDER BY journal.name NOT IN ('fsync', 'full_page_writes'), journal.name
