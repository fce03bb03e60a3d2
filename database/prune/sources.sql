-- Sources that vanished at least $1 days ago; all of them for 0, whatever the clock showed then.
SELECT id FROM sources
 WHERE NOT is_active AND ($1 = 0 OR coalesce(vanished_at, '-infinity') <= now() - make_interval(days => $1))
 ORDER BY id
