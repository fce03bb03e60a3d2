-- Sources that were read to their end, or as far as they could be.
UPDATE sources
   SET state = closed.state, kind = closed.kind, entries = closed.entries, not_midi = closed.not_midi
  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[])
       AS closed (id, state, kind, entries, not_midi)
 WHERE sources.id = closed.id
