-- Suspension of foreign keys, second half: one statement for each key that this transaction has journalled, in a fixed
-- order, after the indexes. In psql, \gexec follows it.
SELECT format('ALTER TABLE %I.%I DROP CONSTRAINT %I', schema_name, table_name, name) AS statement
  FROM loader.suspended_foreign_keys
 WHERE suspended_at = now()
 ORDER BY table_name, name
