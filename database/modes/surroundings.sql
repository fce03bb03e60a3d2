-- What a mode has to know about the server before it changes a setting of it.
SELECT current_setting('is_superuser') = 'on' AS is_superuser,
       pg_is_in_recovery() AS is_standby,
       ARRAY(SELECT datname::text
               FROM pg_database
              WHERE datname NOT IN (current_database(), 'template0', 'template1')
                -- A database `postgres` that nobody has put anything into is what every cluster begins with.
                AND NOT (datname = 'postgres' AND pg_database_size(oid)
                         < (SELECT pg_database_size(oid) FROM pg_database WHERE datname = 'template1') + 1048576)
              ORDER BY datname) AS other_databases,
       (SELECT count(*) FROM pg_stat_replication) AS standbys,
       (SELECT count(*) FROM pg_replication_slots) AS slots,
       current_setting('archive_mode') <> 'off' AS is_archiving,
       pg_has_role(current_user, 'pg_execute_server_program', 'usage') AS runs_programs
