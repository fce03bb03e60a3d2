-- Roughly how many contents there are, without counting them; -1 before the first ANALYZE.
SELECT reltuples::bigint FROM pg_class WHERE oid = 'files'::regclass
