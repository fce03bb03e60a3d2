-- What the file of backup.sql is called: it names the cluster and the database, for several may share a state directory.
SELECT format('SETTINGS_BACKUP-%s-%s.sql', system_identifier, oid)
  FROM pg_control_system(), pg_database
 WHERE datname = current_database()
