-- Settings of a session that builds indexes: $1 the least memory for each build, $2 parallel workers of one build (null: as the server
-- has it). Limits on the time of a statement or a transaction are meant for queries and would end a long build; the last of
-- them came with PostgreSQL 17.
SELECT set_config('maintenance_work_mem',
                  CASE WHEN pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes($1)
                       THEN $1 ELSE current_setting('maintenance_work_mem') END, false),
       set_config('max_parallel_maintenance_workers',
                  coalesce($2, current_setting('max_parallel_maintenance_workers')), false),
       (SELECT count(set_config(name, '0', false))
          FROM unnest(ARRAY['statement_timeout', 'lock_timeout', 'transaction_timeout']) AS name
         WHERE current_setting(name, true) IS NOT NULL)
