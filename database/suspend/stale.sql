-- Tables of which VACUUM or ANALYZE has something to do: never done, rows written since, or the whole table written anew.
SELECT stat.relname
  FROM pg_stat_user_tables AS stat
  JOIN pg_class ON pg_class.oid = relid
 WHERE relid IN ('public.files'::regclass, 'public.file_locations'::regclass, 'public.sources'::regclass,
                 'public.musical_metadata'::regclass)
   AND (coalesce(last_analyze, last_autoanalyze) IS NULL OR n_mod_since_analyze > 0
        OR coalesce(last_vacuum, last_autovacuum) IS NULL OR n_ins_since_vacuum > 0 OR n_dead_tup > 0
        OR (relallvisible = 0 AND pg_relation_size(relid) > 0))
