-- What a question about all sources (all.sql and copied.sql) reads, about: rows of the larger table, by its statistics, or where there are
-- none by the room that it takes. A library of archives has few sources and many places.
SELECT max(CASE WHEN reltuples > 0 THEN reltuples ELSE pg_relation_size(oid) / 128 END)::bigint
  FROM pg_class
 WHERE oid IN ('public.sources'::regclass, 'public.file_locations'::regclass)
