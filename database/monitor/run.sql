-- The newest run: what it is, whether it is alive (it holds the library's lock, whose key $1 is), how far it has come.
PREPARE run (bigint) AS
  WITH latest AS (:latest
       ), holder AS (:holder
       ), run AS (
       SELECT latest.*, coalesce(latest.progress::jsonb, '{}') AS done,
              state = 'running' AND NOT EXISTS (SELECT FROM holder) AS is_killed,
              seconds - CASE WHEN state = 'running' AND NOT EXISTS (SELECT FROM holder) THEN heartbeat_age ELSE 0 END AS lasted
         FROM latest
       ), counted AS (
       SELECT run.*, coalesce((done ->> 'inserted')::bigint, 0) AS inserted,
              coalesce((done ->> 'renewed')::bigint, 0) AS renewed,
              coalesce((done ->> 'duplicate')::bigint, 0) AS duplicates,
              coalesce((done ->> 'rejected')::bigint, 0) AS rejected
         FROM run)
SELECT line.*
  FROM counted
 CROSS JOIN LATERAL (VALUES
       ('run', format('%s on %s, mode %s, loader %s, since %s', id, host, mode, version, started)),
       ('state', CASE WHEN is_killed THEN 'killed; the same command goes on, or: loader restore'
                      WHEN state = 'running' THEN format('running, %s', coalesce(done ->> 'phase', 'preparing'))
                      ELSE state END
                 || format('; %s', to_char(make_interval(secs => greatest(lasted, 0)), 'HH24:MI:SS'))),
       ('sources', format('%s of %s%s done, %s of %s',
                          to_char(coalesce((done ->> 'sources_done')::bigint, 0), 'FM999,999,999,999'),
                          to_char(coalesce((done ->> 'sources_found')::bigint, 0), 'FM999,999,999,999'),
                          CASE WHEN state = 'running' AND done ->> 'walk_ended' = '0' THEN ' or more' END,
                          pg_size_pretty(coalesce((done ->> 'bytes_done')::bigint, 0)),
                          pg_size_pretty(coalesce((done ->> 'bytes_found')::bigint, 0)))),
       ('stored', format('%s new files, %s duplicates, %s rejected%s',
                         to_char(inserted, 'FM999,999,999,999'),
                         to_char(duplicates, 'FM999,999,999,999'),
                         to_char(rejected, 'FM999,999,999,999'),
                         CASE WHEN renewed > 0 THEN format(', %s renewed', to_char(renewed, 'FM999,999,999,999')) END)),
       ('mean', format('%s files/s over the run',
                       to_char((inserted + renewed + duplicates) / greatest(lasted, 1), 'FM999,999,999,990')))
       ) AS line (label, text)
 UNION ALL
SELECT 'run', 'no import has been run yet; begin with: loader import PATH'
 WHERE NOT EXISTS (SELECT FROM latest);
-- The key of src/server/lock.rs.
EXECUTE run (7813570962337693697);
