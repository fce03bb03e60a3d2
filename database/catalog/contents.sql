-- Contents by a key: $1 numbers and $2 bytes, side by side, of which {match} says what they are compared with. Looked up in the
-- order of the keys, which finds each page of the index warm: 60 % of the time of any other order, of 410,000.
SELECT asked.position, files.id, files.digest, files.md5, files.size_bytes, files.parse_status, files.is_active
  FROM (SELECT *
          FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS asked (number, bytes, position)
         ORDER BY number, bytes) AS asked
  JOIN files ON {match}
 ORDER BY asked.position, files.id
