-- INDEX_BACKUP.sql: what the journal holds, as statements that bring indexes and foreign keys back with psql alone, any
-- number of times, in any database with these tables. Read after journal.sql (and keys_journal.sql) in its transaction,
-- before anything is dropped, it describes them as the catalog does. The journal is left to `loader restore`, which keeps
-- what stands.
SELECT statement || ';' AS line
  FROM (SELECT 0 AS part, '' AS table_name, '' AS name, 0 AS step,
               format(E'-- Secondary indexes and foreign keys of the database %s, %s. Apply with: psql -f FILE\n',
                      regexp_replace(current_database(), '\s', ' ', 'g'), now())
               || 'SET client_encoding = ''UTF8''; SET standard_conforming_strings = on' AS statement
        UNION ALL
        SELECT 1, '', s.name, step, statement
          FROM loader.suspended_indexes AS s
         CROSS JOIN LATERAL (VALUES
               (1, format('SET default_tablespace = %L', coalesce(s.tablespace, ''))),
               (2, regexp_replace(s.definition, '^CREATE INDEX ', 'CREATE INDEX IF NOT EXISTS ')),
               (3, format('COMMENT ON INDEX %I.%I IS %L', s.schema_name, s.name, s.comment)),
               (4, (SELECT string_agg(format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS %s',
                                             s.schema_name, s.name, t.key, t.value), '; ')
                      FROM jsonb_each_text(s.statistics) AS t)),
               (5, CASE WHEN s.is_clustered
                        THEN format('ALTER TABLE %I.%I CLUSTER ON %I', s.schema_name, s.table_name, s.name) END)
               ) AS steps (step, statement)
         WHERE statement IS NOT NULL AND (step <> 3 OR s.comment IS NOT NULL)
        UNION ALL
        -- A key that some row violates stands NOT VALID after its first statement, and the second names the row.
        SELECT 2, s.table_name, s.name, step, statement
          FROM loader.suspended_foreign_keys AS s
         CROSS JOIN LATERAL (VALUES
               (1, format('DO %L', format(
                       'BEGIN IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = %L::regclass AND conname = %L) THEN '
                       'ALTER TABLE %I.%I ADD CONSTRAINT %I %s NOT VALID; END IF; END',
                       format('%I.%I', s.schema_name, s.table_name), s.name,
                       s.schema_name, s.table_name, s.name, s.definition))),
               (2, format('ALTER TABLE %I.%I VALIDATE CONSTRAINT %I', s.schema_name, s.table_name, s.name)),
               (3, format('COMMENT ON CONSTRAINT %I ON %I.%I IS %L', s.name, s.schema_name, s.table_name, s.comment))
               ) AS steps (step, statement)
         WHERE step <> 3 OR s.comment IS NOT NULL) AS lines
 ORDER BY part, table_name, name, step
