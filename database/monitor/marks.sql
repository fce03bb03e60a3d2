-- Counters that only grow, and the moment: two of these make the rates of what lies between. The log's position is null on a standby.
SELECT jsonb_build_object(
           'at', extract(epoch FROM clock_timestamp()),
           'rows', (SELECT sum(n_tup_ins + n_tup_upd) FROM pg_stat_user_tables WHERE schemaname IN ('public', 'loader')),
           'wal', CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') END,
           'hit', d.blks_hit,
           'read', d.blks_read)::text AS marks
  FROM pg_stat_database AS d
 WHERE d.datname = current_database()
