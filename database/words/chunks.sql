-- What the server makes of stretches that may be more than words: $1, in order, each in the binary form of a tsvector.
SELECT tsvectorsend(to_tsvector('pg_catalog.simple', chunk))
  FROM unnest($1::text[]) WITH ORDINALITY AS chunks (chunk, position)
 ORDER BY position
