-- What loader prune would delete: $1 for how many days a source must have been gone. A content goes with its last place.
WITH old AS (
    SELECT id FROM sources
     WHERE NOT is_active AND ($1 = 0 OR coalesce(vanished_at, '-infinity') <= now() - make_interval(days => $1))
)
SELECT (SELECT count(*) FROM old)                                                              AS sources,
       (SELECT count(*) FROM file_locations WHERE source_id IN (SELECT id FROM old))           AS locations,
       (SELECT count(*) FROM rejects WHERE source_id IN (SELECT id FROM old))                  AS rejects,
       (SELECT count(*) FROM files
         WHERE NOT is_active
           AND NOT EXISTS (SELECT FROM file_locations l
                            WHERE l.file_id = files.id AND l.source_id NOT IN (SELECT id FROM old))) AS files
