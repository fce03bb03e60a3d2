-- Suspension, second half: one DROP INDEX for each index this transaction has journalled (distributed tables take no
-- list), in a fixed order. In psql, \gexec follows it.
SELECT format('DROP INDEX %I.%I', schema_name, name) AS statement
  FROM loader.suspended_indexes
 WHERE suspended_at = now()
 ORDER BY table_name, name
