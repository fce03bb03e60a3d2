-- Writes into the journal, before anything is changed: run $1 wants the settings $2 to have the values $3. What is in the
-- journal already stays as it is there, for only the first change knows what was there before.
INSERT INTO loader.changed_settings (run_id, name, state, wanted, entry, setting)
SELECT $1, name, 'planned', value,
       (SELECT file.setting
          FROM pg_file_settings AS file
         WHERE file.name = wanted.name
           AND file.sourcefile = current_setting('data_directory') || '/postgresql.auto.conf'
         ORDER BY file.seqno DESC
         LIMIT 1),
       pg_settings.setting
  FROM unnest($2, $3) AS wanted (name, value)
  JOIN pg_settings USING (name)
    ON CONFLICT (name) WHERE state <> 'restored' DO NOTHING
