-- One look at an import and its server, for psql 14 or newer. Each row is a label and a text; rows whose label begins
-- with = are for the script. Expects the psql variable earlier, the row =marks of the look before ({} at first), and the
-- environment variable LOADER_SQL, the folder database/.
SET statement_timeout = '10s';
-- A table that is just being switched or emptied is not waited for.
SET lock_timeout = '500ms';
SELECT to_regclass('public.runs') IS NOT NULL AND to_regclass('loader.suspended_indexes') IS NOT NULL AS has_library,
       current_setting('server_version_num')::integer >= 170000 AS has_checkpointer \gset
\if :has_library
\else
    SELECT '=missing', current_database();
    \quit
\endif
\set marks_of_now `cat "$LOADER_SQL/monitor/marks.sql"`
:marks_of_now \gset
SELECT '=marks', :'marks';
\set latest `cat "$LOADER_SQL/runs/latest.sql"`
\set holder `cat "$LOADER_SQL/settings/lock_holder.sql"`
\ir run.sql
\ir rates.sql
\ir sessions.sql
\ir builds.sql
\if :has_checkpointer
    \ir checkpoints.sql
\else
    \ir checkpoints_before_17.sql
\endif
\set ON_ERROR_STOP off
\ir storage.sql
\if :ERROR
    SELECT 'sizes', 'a table is locked just now';
\endif
