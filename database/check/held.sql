-- What the library holds of sources that are as it read them: $1 their ids, $2 most places to tell of each content. A row for
-- each place and each refusal, in the order of the sources and of what is in them.
WITH asked AS MATERIALIZED (
    SELECT id, position FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (id, position)
), held AS MATERIALIZED (
    SELECT asked.position, located.entry_ordinal, located.entry_path, located.file_id
      FROM asked JOIN file_locations located ON located.source_id = asked.id
     WHERE located.is_active
), everywhere AS (
    SELECT located.file_id, count(*) AS places,
           (array_agg(CASE WHEN located.entry_path IS NULL THEN sources.path ELSE sources.path || '!/' || located.entry_path END
                      ORDER BY sources.path COLLATE "C", sources.id, located.entry_ordinal))[1:$2] AS paths
      FROM (SELECT DISTINCT file_id FROM held) AS contents
      JOIN file_locations located USING (file_id)
      JOIN sources ON sources.id = located.source_id
     WHERE located.is_active AND sources.is_active
     GROUP BY located.file_id
)
SELECT held.position, held.entry_ordinal, held.entry_path, files.digest, everywhere.places, everywhere.paths,
       NULL AS reason, NULL AS detail
  FROM held
  JOIN files ON files.id = held.file_id
  JOIN everywhere ON everywhere.file_id = held.file_id
UNION ALL
SELECT asked.position, refused.entry_ordinal, refused.entry_path, NULL, 0, NULL, refused.reason, refused.detail
  FROM asked JOIN rejects refused ON refused.source_id = asked.id
 ORDER BY position, entry_ordinal
