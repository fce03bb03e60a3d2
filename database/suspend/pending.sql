-- What waits to be built again, the most expensive first, with the statements that do it. They belong into one
-- transaction: preparation, definition, then each of finishing, the last of which takes the row out of the journal.
--
-- The order is by bytes of the table times what a byte costs in this kind of index, relative to a B-tree (measured on
-- 100,000 contents with two cores: trigrams 43 ms/MB, bands of MinHash 17, words that are parsed for it 4 to 9, arrays and
-- stored words 1 to 2, B-tree 1).
SELECT s.name, s.schema_name, s.table_name, s.definition, s.comment, s.tablespace, s.statistics::text AS statistics,
       s.is_clustered, s.size_bytes, s.run_id, s.suspended_at = now() AS is_of_this_transaction,
       format('SET LOCAL default_tablespace = %L', coalesce(s.tablespace, '')) AS preparation,
       array_remove(
           ARRAY[CASE WHEN s.comment IS NOT NULL
                      THEN format('COMMENT ON INDEX %I.%I IS %L', s.schema_name, s.name, s.comment) END]
           || ARRAY(SELECT format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS %s', s.schema_name, s.name, t.key, t.value)
                      FROM jsonb_each_text(s.statistics) AS t ORDER BY t.key)
           || ARRAY[CASE WHEN s.is_clustered
                         THEN format('ALTER TABLE %I.%I CLUSTER ON %I', s.schema_name, s.table_name, s.name) END,
                    format('DELETE FROM loader.suspended_indexes WHERE name = %L', s.name)],
           NULL) AS finishing
  FROM loader.suspended_indexes AS s
 CROSS JOIN LATERAL (
       SELECT CASE WHEN s.definition LIKE '%gin_trgm_ops%' THEN 40
                   WHEN s.definition LIKE '%gin (minhash\_bands)%' THEN 17
                   WHEN s.definition LIKE '%to\_tsvector%' THEN 8
                   WHEN s.definition LIKE '%USING gin%' OR s.definition LIKE '%USING gist%' THEN 2
                   ELSE 1 END AS weight) AS kind
 ORDER BY weight * coalesce(pg_table_size(to_regclass(format('%I.%I', s.schema_name, s.table_name))), 0) DESC,
          weight DESC, s.size_bytes DESC, s.name
