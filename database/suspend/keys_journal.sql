-- Suspension of foreign keys, first half: writes every valid foreign key between the tables of the library into the
-- journal. Runs in one transaction with keys_drops.sql, and with journal.sql and drops.sql before it where indexes go
-- too. Expects the setting loader.run_id (0 by hand). A row of an earlier suspension gives way to what the catalog says
-- now. A key whose checks somebody has switched off stays: made anew, they would be on.
SET LOCAL search_path = '';
INSERT INTO loader.suspended_foreign_keys (schema_name, table_name, name, definition, comment, run_id)
SELECT schema_name, table_name, name, definition, comment, current_setting('loader.run_id')::integer
  FROM loader.foreign_keys AS k
 WHERE is_valid
   AND NOT EXISTS (SELECT FROM pg_constraint AS c JOIN pg_trigger AS t ON t.tgconstraint = c.oid
                    WHERE c.conrelid = to_regclass(format('%I.%I', k.schema_name, k.table_name)) AND c.conname = k.name
                      AND t.tgenabled <> 'O')
    ON CONFLICT (table_name, name) DO UPDATE
   SET schema_name = excluded.schema_name, definition = excluded.definition, comment = excluded.comment,
       run_id = excluded.run_id, suspended_at = excluded.suspended_at;
SET LOCAL search_path TO DEFAULT;
