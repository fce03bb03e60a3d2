-- How many pages hold, or held, contents to be sorted. Costs nothing where there are none.
SELECT pg_relation_size('loader.unsorted_contents') / current_setting('block_size')::bigint
