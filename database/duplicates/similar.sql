-- Contents with others that are similar to them by MinHash and have a higher id, by id, one row for each place of each: $1
-- least other contents, $2 a path, null for any, to say which places are at or below it; $3 least equal places of 32.
WITH places AS NOT MATERIALIZED (
    SELECT located.file_id, located.source_id, located.entry_ordinal, sources.mtime_ns, named.path,
           coalesce(named.path = $2 OR starts_with(named.path, $2 || '/') OR starts_with(named.path, $2 || '!/'), true) AS is_under
      FROM file_locations located
      JOIN sources ON sources.id = located.source_id AND sources.is_active
     CROSS JOIN LATERAL (SELECT sources.path || coalesce('!/' || located.entry_path, '') AS path) AS named
     WHERE located.is_active
), led AS NOT MATERIALIZED (
    SELECT music.file_id, others.ids, others.equals
      FROM musical_metadata music
      JOIN files ON files.id = music.file_id AND files.is_active
     CROSS JOIN LATERAL (
           SELECT array_agg(other.file_id ORDER BY compared.equal DESC, other.file_id) AS ids,
                  array_agg(compared.equal ORDER BY compared.equal DESC, other.file_id) AS equals
             FROM musical_metadata other
             JOIN files ON files.id = other.file_id AND files.is_active
            CROSS JOIN LATERAL (
                  SELECT count(*) AS equal FROM unnest(music.minhash, other.minhash) AS compared (one, two) WHERE one = two
            ) AS compared
            WHERE other.minhash_bands && music.minhash_bands AND other.file_id > music.file_id AND compared.equal >= $3
     ) AS others
     WHERE music.minhash IS NOT NULL AND cardinality(others.ids) >= $1
)
SELECT led.file_id AS group_key, member.equal, files.id, files.digest, files.size_bytes, files.parse_status, music.n_notes,
       music.n_events, places.path, places.mtime_ns, places.is_under
  FROM led
 CROSS JOIN LATERAL unnest(led.file_id || led.ids, 32::bigint || led.equals)
       WITH ORDINALITY AS member (file_id, equal, position)
  JOIN files ON files.id = member.file_id
  JOIN musical_metadata music ON music.file_id = files.id
  JOIN places ON places.file_id = files.id
 ORDER BY led.file_id, member.position, places.path COLLATE "C", places.source_id, places.entry_ordinal
