-- Contents by a path: $1 which path a row is about, $2 the id of the source that it may lie in, $3 its path, $4 where in it,
-- null for the source itself. The left part of a path within a source is what is indexed. In the order of the ids, as in contents.sql.
SELECT asked.position, files.id, files.digest, files.md5, files.size_bytes, files.parse_status,
       files.is_active AND places.is_active AND sources.is_active AS is_active
  FROM (SELECT *
          FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) AS asked (position, source_id, path, entry)
         ORDER BY source_id) AS asked
  JOIN sources ON sources.id = asked.source_id AND sources.path = asked.path
  JOIN file_locations places ON places.source_id = sources.id AND places.entry_path IS NULL AND places.entry_ordinal = 0
  JOIN files ON files.id = places.file_id
 WHERE asked.entry IS NULL
 UNION ALL
SELECT asked.position, files.id, files.digest, files.md5, files.size_bytes, files.parse_status,
       files.is_active AND places.is_active AND sources.is_active
  FROM (SELECT *
          FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) AS asked (position, source_id, path, entry)
         ORDER BY source_id) AS asked
  JOIN sources ON sources.id = asked.source_id AND sources.path = asked.path
  JOIN file_locations places ON places.source_id = sources.id AND places.entry_path = asked.entry
                            AND left(places.entry_path, 256) COLLATE "C" = left(asked.entry, 256) COLLATE "C"
  JOIN files ON files.id = places.file_id
 WHERE asked.entry IS NOT NULL
