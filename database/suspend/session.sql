-- Settings of a session that builds indexes: $1 memory in kB for each build, $2 parallel workers of one build (null: as the server
-- has it). Limits on the time of a statement are meant for queries and would end a long build.
SELECT set_config('maintenance_work_mem', $1, false),
       set_config('max_parallel_maintenance_workers',
                  coalesce($2, current_setting('max_parallel_maintenance_workers')), false),
       set_config('statement_timeout', '0', false),
       set_config('lock_timeout', '0', false)
