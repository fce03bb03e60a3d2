-- Sources that vanished at least $1 days ago.
SELECT id FROM sources
 WHERE NOT is_active AND coalesce(vanished_at, '-infinity') <= now() - make_interval(days => $1)
 ORDER BY id
