-- The end of a transaction that has built the index :name, for psql: says how long it took, and prints a row of it.
SELECT regexp_replace(:'name', '[[:cntrl:]]', '?', 'g') AS shown,
       to_char(extract(epoch FROM clock_timestamp() - now()), 'FM999990.00') AS seconds \gset
COMMIT;
\warn :shown in :seconds s
\echo :shown :seconds
