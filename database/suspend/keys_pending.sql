-- Foreign keys that wait to be put back, those of the largest table first, with the statements that do it. Expects an empty
-- search_path, so that what stands can be compared. A null is nothing to do. In psql, \gexec runs them:
--
--   adding      for all keys before any of the rest, each by itself: the key stands and is kept by whatever is written
--               from now on. Where another key has taken its name, the statement is an error that says so.
--   validating  then, of each key in one transaction with the next two: the rows that are there are looked at
--   commenting
--   finishing   takes the row out of the journal
--
-- Not one plain ADD CONSTRAINT, which looks at all rows under a lock on both tables that conflicts with itself: two keys
-- that point to the same table would wait for each other, and so would whoever writes. NOT VALID holds these locks for a
-- moment only. VALIDATE lets others read and write; of different tables, keys can be validated side by side.
SELECT s.schema_name, s.table_name, s.name, s.definition, s.comment, s.run_id,
       s.suspended_at = now() AS is_of_this_transaction,
       present.definition AS standing,
       CASE WHEN present.definition IS NULL
            THEN format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s NOT VALID', s.schema_name, s.table_name, s.name, s.definition)
            WHEN present.definition <> s.definition
            THEN format('DO %L', format('BEGIN RAISE EXCEPTION USING MESSAGE = %L; END', format(
                            'the name of the foreign key %s of %s is taken by: %s', s.name, s.table_name,
                            present.definition))) END AS adding,
       format('ALTER TABLE %I.%I VALIDATE CONSTRAINT %I', s.schema_name, s.table_name, s.name) AS validating,
       CASE WHEN s.comment IS NOT NULL
            THEN format('COMMENT ON CONSTRAINT %I ON %I.%I IS %L', s.name, s.schema_name, s.table_name, s.comment)
            END AS commenting,
       format('DELETE FROM loader.suspended_foreign_keys WHERE table_name = %L AND name = %L', s.table_name, s.name)
           AS finishing
  FROM loader.suspended_foreign_keys AS s
  LEFT JOIN LATERAL (
       SELECT regexp_replace(pg_get_constraintdef(c.oid), ' NOT VALID$', '') AS definition
         FROM pg_constraint AS c
        WHERE c.conrelid = to_regclass(format('%I.%I', s.schema_name, s.table_name)) AND c.conname = s.name) AS present ON true
 ORDER BY coalesce(pg_table_size(to_regclass(format('%I.%I', s.schema_name, s.table_name))), 0) DESC, s.table_name, s.name
