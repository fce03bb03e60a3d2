-- The foreign keys between the tables of the library as they are now, for comparison with the journal. Expects an empty
-- search_path.
SELECT schema_name, table_name, name, definition, comment, is_valid
  FROM loader.foreign_keys
