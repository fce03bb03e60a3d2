-- Sizes of the library's tables and their indexes, the largest named; suspended indexes; and, for the script, where the
-- data lies: only where this role may ask and the server is on the machine that asks.
  WITH tables AS (
       SELECT relname, pg_table_size(oid) AS in_table, pg_indexes_size(oid) AS in_indexes
         FROM pg_class
        WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'loader'::regnamespace))
SELECT 'indexes', format('%s suspended', count(*)) FROM loader.suspended_indexes
 UNION ALL
SELECT 'sizes', format('tables %s, indexes %s', pg_size_pretty(sum(in_table)), pg_size_pretty(sum(in_indexes))) FROM tables
 UNION ALL
(SELECT 'table', format('%s %s, its indexes %s', relname, pg_size_pretty(in_table), pg_size_pretty(in_indexes))
   FROM tables
  ORDER BY in_table + in_indexes DESC, relname
  LIMIT 4)
 UNION ALL
SELECT '=disk', CASE WHEN (inet_server_addr() IS NULL OR inet_server_addr() = inet_client_addr())
                      AND pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')
                     THEN current_setting('data_directory') END
