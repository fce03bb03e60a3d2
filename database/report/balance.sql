-- What this run read, counted by what is stored: $1 the run, $2 the sources it opened. Refusals of a source that failed
-- count as this run's, because it met them again.
WITH opened AS MATERIALIZED (
    SELECT id, state, not_midi FROM sources WHERE id = ANY($2)
), places AS (
    SELECT count(*) FILTER (WHERE run_id = $1) AS new, count(*) FILTER (WHERE run_id <> $1) AS old
      FROM opened JOIN file_locations ON source_id = opened.id
), refusals AS (
    SELECT count(*) FILTER (WHERE run_id = $1 OR state = 'failed')      AS new,
           count(*) FILTER (WHERE run_id <> $1 AND state <> 'failed')   AS old
      FROM opened JOIN rejects ON source_id = opened.id
)
SELECT (SELECT count(*) FROM files WHERE first_run_id = $1)             AS inserted,
       places.new                                                       AS new_places,
       refusals.new                                                     AS rejected,
       places.old + refusals.old                                        AS unchanged,
       sources.not_midi, sources.unfinished
  FROM places, refusals,
       (SELECT coalesce(sum(not_midi), 0)::bigint AS not_midi, count(*) FILTER (WHERE state = 'loading') AS unfinished
          FROM opened) AS sources
