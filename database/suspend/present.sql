-- The secondary indexes as they are now, for comparison with the journal. Expects an empty search_path.
SELECT name, definition, comment, tablespace, statistics::text AS statistics, is_clustered, is_valid
  FROM loader.secondary_indexes
