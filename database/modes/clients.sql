-- Other programs' sessions in this database, for people: dropping an index waits for whoever reads its table.
SELECT format('%s, server process %s%s%s', coalesce(nullif(application_name, ''), 'unnamed program'), pid,
              ', as ' || usename, ', from ' || host(client_addr)) AS client
  FROM pg_stat_activity
 WHERE datname = current_database()
   AND backend_type = 'client backend'
   AND pid <> pg_backend_pid()
   AND application_name NOT LIKE 'loader %'
 ORDER BY backend_start
