-- The secondary indexes as they are now, or the one named $1, for comparison with the journal. Expects an empty
-- search_path. While others build or drop, ask for one: describing an index that is just going away is an error.
SELECT name, definition, comment, tablespace, statistics::text AS statistics, is_clustered, is_valid
  FROM loader.secondary_indexes
 WHERE $1::text IS NULL OR name = $1
