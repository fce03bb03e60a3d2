-- How closely ANALYZE looks at the tables of songs next, of which $1 rows have changed: 300 rows are sampled for each unit, here a
-- tenth of what changed, but no fewer than 3,000 and no more than the session would have it.
SELECT set_config('default_statistics_target', least(usual.target, greatest(10, $1::bigint / 3000))::text, true)
  FROM (SELECT reset_val::bigint FROM pg_settings WHERE name = 'default_statistics_target') AS usual (target)
