-- Which contents are in the library, and where: $1 ids and $2 digests, side by side, $3 most places to tell of each. A
-- content whose places have all vanished comes with a count of 0 and with where it lay. Written as joins: while an import
-- has the secondary indexes suspended, the planner can still hash.
SELECT asked.position,
       count(*) FILTER (WHERE places.is_active AND sources.is_active) AS places,
       (array_agg(CASE WHEN places.entry_path IS NULL THEN sources.path ELSE sources.path || '!/' || places.entry_path END
                  ORDER BY places.is_active AND sources.is_active DESC, sources.path COLLATE "C", sources.id,
                           places.entry_ordinal))[1:$3] AS paths
  FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS asked (id, digest, position)
  JOIN files ON files.id = asked.id AND files.digest = asked.digest
  JOIN file_locations places ON places.file_id = files.id
  JOIN sources ON sources.id = places.source_id
 GROUP BY asked.position
