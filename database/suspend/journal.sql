-- Suspension, first half: writes every suspendable index into the journal. Runs in one transaction with drops.sql.
-- Expects the setting loader.run_id (0 by hand). A row of an earlier suspension gives way to what the catalog says now.
SET LOCAL search_path = '';
INSERT INTO loader.suspended_indexes
       (name, schema_name, table_name, definition, comment, tablespace, statistics, is_clustered, size_bytes, run_id)
SELECT name, schema_name, table_name, definition, comment, tablespace, statistics, is_clustered, size_bytes,
       current_setting('loader.run_id')::integer
  FROM loader.secondary_indexes
 WHERE is_suspendable
    ON CONFLICT (name) DO UPDATE
   SET schema_name = excluded.schema_name, table_name = excluded.table_name, definition = excluded.definition,
       comment = excluded.comment, tablespace = excluded.tablespace, statistics = excluded.statistics,
       is_clustered = excluded.is_clustered, size_bytes = excluded.size_bytes, run_id = excluded.run_id,
       suspended_at = excluded.suspended_at;
SET LOCAL search_path TO DEFAULT;
