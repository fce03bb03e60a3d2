-- SETTINGS_BACKUP-SYSTEM-DATABASE.sql, one line a row: what the journal of settings has to put back, as statements for
-- psql, and what `loader restore --data-directory` reads where the server does not start. Its first line names the
-- cluster by its system identifier and the database by its oid, as the file's name does; the second tells when.
SELECT line
  FROM (SELECT 0 AS part, '' AS name,
               format('-- settings of the cluster %s, database %s (%s), as they were before loader changed them',
                      (SELECT system_identifier FROM pg_control_system()), oid, regexp_replace(datname, '\s', ' ', 'g'))
               AS line
          FROM pg_database WHERE datname = current_database()
        UNION ALL
        SELECT 1, '', to_char(now() AT TIME ZONE 'UTC', '"-- written at" YYYY-MM-DD HH24:MI:SS.US"+00; "')
                      || 'put back with: psql -X -f FILE, or: loader restore'
        UNION ALL
        SELECT 2, name, CASE WHEN entry IS NULL
                             THEN format('ALTER SYSTEM RESET %I;', name)
                             ELSE format('ALTER SYSTEM SET %I = %L;', name, entry) END
          FROM loader.changed_settings WHERE state <> 'restored'
        UNION ALL
        SELECT 3, '', 'SELECT pg_reload_conf();'
        UNION ALL
        SELECT 4, '', 'CHECKPOINT;'
        UNION ALL
        SELECT 5, '', '-- after fsync was off, what the system still holds has to reach the disk:'
        UNION ALL
        SELECT 6, '', 'COPY (SELECT) TO PROGRAM ''sync'';') AS lines
 ORDER BY part, name
