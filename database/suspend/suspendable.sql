-- What a suspension would take away now, the largest first: for people who are asked.
SELECT format('  %-40s %-18s %10s', quote_ident(name), table_name, pg_size_pretty(size_bytes)) AS shown
  FROM loader.secondary_indexes
 WHERE is_suspendable
 ORDER BY size_bytes DESC, name
