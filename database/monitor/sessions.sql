-- The loader's connections to this database, and what those at work wait for, parallel workers included. What a role may not see counts as
-- neither.
  WITH sessions AS (
       SELECT state, wait_event_type, wait_event, leader_pid IS NULL OR leader_pid = pid AS is_connection
         FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'loader%' AND application_name <> 'loader monitor'
       ), waits AS (
       SELECT count(*) AS sessions, coalesce(wait_event_type || ' ' || wait_event, 'at work') AS event
         FROM sessions
        WHERE state = 'active'
        GROUP BY event)
SELECT 'loader', format('%s connections: %s active, %s in a transaction, %s idle', count(*),
                        count(*) FILTER (WHERE state = 'active'),
                        count(*) FILTER (WHERE state LIKE 'idle in transaction%'),
                        count(*) FILTER (WHERE state = 'idle'))
  FROM sessions
 WHERE is_connection
 UNION ALL
SELECT 'waits', string_agg(format('%s × %s', sessions, event), ', ' ORDER BY sessions DESC, event)
  FROM waits
HAVING count(*) > 0
