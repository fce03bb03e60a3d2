-- Sources that do not hold what was read: $1 to $5 are ids, kinds, entries, entries that are not MIDI, and whether each was
-- refused as a whole.
SELECT id
  FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::boolean[]) AS read (id, kind, entries, not_midi, refused)
  JOIN sources USING (id)
 WHERE (sources.kind, sources.entries, sources.not_midi) IS DISTINCT FROM (read.kind, read.entries, read.not_midi)
    OR read.refused IS DISTINCT FROM EXISTS (SELECT FROM rejects WHERE source_id = id AND entry_ordinal = -1)
