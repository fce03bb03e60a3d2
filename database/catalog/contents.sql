-- Contents by a key: $1 numbers and $2 bytes, side by side, of which {match} says what they are compared with.
SELECT asked.position, files.id, files.digest, files.md5, files.size_bytes, files.parse_status, files.is_active
  FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS asked (number, bytes, position)
  JOIN files ON {match}
 ORDER BY asked.position, files.id
