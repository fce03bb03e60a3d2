-- What postgresql.auto.conf says of the setting $1 now; no row where it says nothing.
SELECT setting
  FROM pg_file_settings
 WHERE name = $1 AND sourcefile = current_setting('data_directory') || '/postgresql.auto.conf'
 ORDER BY seqno DESC
 LIMIT 1
