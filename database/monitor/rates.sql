-- What happened between the earlier look and this one. A server that was restarted or reset counts from 0 again.
  WITH looks AS (
       SELECT :'earlier'::jsonb AS before, :'marks'::jsonb AS now
       ), counters AS (
       SELECT key, greatest((now ->> key)::numeric - (before ->> key)::numeric, 0) AS grown,
              nullif(greatest((now ->> 'at')::numeric - (before ->> 'at')::numeric, 0), 0) AS seconds, (now ->> key)::numeric AS total
         FROM looks
        CROSS JOIN unnest(ARRAY['rows', 'wal', 'hit', 'read']) AS key
       ), pages AS (
       SELECT sum(coalesce(grown, total)) FILTER (WHERE key = 'hit') AS hit,
              sum(coalesce(grown, total)) AS asked_for, bool_or(grown IS NULL) AS is_first
         FROM counters
        WHERE key IN ('hit', 'read'))
SELECT 'rows', coalesce(to_char(grown / seconds, 'FM999,999,999,990') || '/s', 'not known before the second look')
  FROM counters WHERE key = 'rows'
 UNION ALL
SELECT 'WAL', coalesce(pg_size_pretty(round(grown / seconds)) || '/s', 'not known before the second look')
  FROM counters WHERE key = 'wal'
 UNION ALL
SELECT 'cache', coalesce(round(100 * hit / nullif(asked_for, 0), 1) || ' % of pages found in it', 'no page asked for')
                || CASE WHEN is_first THEN ', since the statistics begin' ELSE '' END
  FROM pages
