-- Indexes being built in this database.
SELECT 'building', format('%s on %s: %s%s', coalesce(i.relname, 'an index'), t.relname, p.phase,
                          coalesce(', ' || round(100.0 * CASE
                              WHEN p.phase LIKE '%loading tuples%' THEN p.tuples_done::numeric / nullif(p.tuples_total, 0)
                              WHEN p.phase NOT LIKE '%sorting%' THEN p.blocks_done::numeric / nullif(p.blocks_total, 0)
                              END) || ' %', ''))
  FROM pg_stat_progress_create_index AS p
  LEFT JOIN pg_class AS t ON t.oid = p.relid
  LEFT JOIN pg_class AS i ON i.oid = p.index_relid
 WHERE p.datname = current_database()
 ORDER BY p.pid
 LIMIT 4
