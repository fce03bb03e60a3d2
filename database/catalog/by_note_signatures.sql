-- Contents by the signature of their notes: $1 signatures.
SELECT asked.position, files.id, files.digest, files.md5, files.size_bytes, files.parse_status, files.is_active
  FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (signature, position)
  JOIN musical_metadata music ON music.note_signature = asked.signature
  JOIN files ON files.id = music.file_id
 ORDER BY asked.position, files.id
