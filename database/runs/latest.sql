-- The newest run, and what loader status tells of it.
SELECT id, state, mode, host, version,
       to_char(started_at, 'YYYY-MM-DD HH24:MI:SS') AS started,
       extract(epoch FROM coalesce(finished_at, clock_timestamp()) - started_at)::float8 AS seconds,
       extract(epoch FROM clock_timestamp() - heartbeat_at)::float8 AS heartbeat_age,
       progress::text
  FROM runs
 ORDER BY id DESC
 LIMIT 1
