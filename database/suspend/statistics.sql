-- How closely ANALYZE looks at table $1 next: 300 rows are sampled for each unit of default_statistics_target. With the usual
-- target of 100 the statistics of 100 columns take 2.4 s whatever there is to know, as long as all the indexes of 60,000 rows. So
-- a tenth of the rows is sampled, but no fewer than 3,000 and no more than the session would have it.
SELECT set_config('default_statistics_target',
                  least(usual.target, greatest(10, ceil(reltuples / 3000)::integer))::text, false)
  FROM pg_class,
       (SELECT reset_val::integer FROM pg_settings WHERE name = 'default_statistics_target') AS usual (target)
 WHERE pg_class.oid = $1::regclass AND reltuples >= 0
