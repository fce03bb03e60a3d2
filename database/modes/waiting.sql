-- What the journal of settings has to put back, for people; whoever may read the library may ask.
SELECT format('%s, %s by %s on %s: to be put back to %s (postgresql.auto.conf: %s)', name, state,
              CASE run_id WHEN 0 THEN 'hand' ELSE 'run ' || run_id END, date_trunc('second', planned_at), setting,
              coalesce(entry, 'absent')) AS shown
  FROM loader.changed_settings
 WHERE state <> 'restored'
 ORDER BY name NOT IN ('fsync', 'full_page_writes'), name
