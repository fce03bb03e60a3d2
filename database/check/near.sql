-- What contents that the library does not have come nearest to: $1 note signatures, $2 transposed signatures, $3 MinHash
-- sketches and $4 their bands as array literals, side by side; $5 least number of equal places of 32 to count as similar,
-- $6 most places to tell of what is found. The nearest is the one with the same notes, else a transposition, else the one
-- with the most equal places; contents says how many there are to choose from.
WITH asked AS MATERIALIZED (
    SELECT position, note_signature, transposed_signature, sketch::integer[] AS minhash, bands::integer[] AS minhash_bands
      FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[])
           WITH ORDINALITY AS given (note_signature, transposed_signature, sketch, bands, position)
), alike AS (
    SELECT asked.position, stored.file_id, 0 AS likeness, 32::bigint AS equal
      FROM asked JOIN musical_metadata stored USING (note_signature)
     UNION ALL
    SELECT asked.position, stored.file_id, 1, 32
      FROM asked JOIN musical_metadata stored USING (transposed_signature)
     WHERE stored.note_signature IS DISTINCT FROM asked.note_signature
     UNION ALL
    SELECT asked.position, stored.file_id, 2, compared.equal
      FROM asked
      JOIN musical_metadata stored ON stored.minhash_bands && asked.minhash_bands
     CROSS JOIN LATERAL (
           SELECT count(*) AS equal FROM unnest(asked.minhash, stored.minhash) AS places (one, two) WHERE one = two
     ) AS compared
     WHERE compared.equal >= $5 AND stored.transposed_signature IS DISTINCT FROM asked.transposed_signature
), nearest AS (
    SELECT DISTINCT ON (alike.position)
           alike.position, alike.likeness, alike.equal, files.id, files.digest,
           count(*) OVER (PARTITION BY alike.position) AS contents
      FROM alike JOIN files ON files.id = alike.file_id AND files.is_active
     ORDER BY alike.position, alike.likeness, alike.equal DESC, files.id
)
SELECT nearest.position, nearest.likeness, nearest.equal, nearest.digest, nearest.contents,
       count(*) AS places,
       (array_agg(CASE WHEN places.entry_path IS NULL THEN sources.path ELSE sources.path || '!/' || places.entry_path END
                  ORDER BY sources.path COLLATE "C", sources.id, places.entry_ordinal))[1:$6] AS paths
  FROM nearest
  JOIN file_locations places ON places.file_id = nearest.id AND places.is_active
  JOIN sources ON sources.id = places.source_id AND sources.is_active
 GROUP BY nearest.position, nearest.likeness, nearest.equal, nearest.digest, nearest.contents
