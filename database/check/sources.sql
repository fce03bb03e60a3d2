-- How many sources the library has, about: as many as when statistics were last renewed, or by the room that they take.
SELECT greatest(reltuples, pg_relation_size(oid) / 256)::bigint FROM pg_class WHERE oid = 'public.sources'::regclass
