-- What this run read, counted by what is stored: $1 the run, $2 the sources it opened. Refusals of a source that failed
-- count as this run's, because it met them again.
SELECT (SELECT count(*) FROM files WHERE first_run_id = $1)                                     AS inserted,
       coalesce(sum(places.new), 0)::bigint                                                     AS new_places,
       coalesce(sum(refusals.new), 0)::bigint                                                   AS rejected,
       coalesce(sum(places.old + refusals.old), 0)::bigint                                      AS unchanged,
       coalesce(sum(sources.not_midi), 0)::bigint                                               AS not_midi,
       count(*) FILTER (WHERE sources.state = 'loading')                                        AS unfinished
  FROM sources
 CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE run_id = $1) AS new, count(*) FILTER (WHERE run_id <> $1) AS old
         FROM file_locations WHERE source_id = sources.id) AS places
 CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE run_id = $1 OR sources.state = 'failed')      AS new,
              count(*) FILTER (WHERE run_id <> $1 AND sources.state <> 'failed')   AS old
         FROM rejects WHERE source_id = sources.id) AS refusals
 WHERE sources.id = ANY($2)
