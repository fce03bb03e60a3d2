-- Sources with a place that does not hold what was read there: $1 to $4 are sources, ordinals, contents and reasons of refusal,
-- each of the last two null for neither.
SELECT DISTINCT source_id
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[]) AS read (source_id, entry_ordinal, file_id, reason)
  LEFT JOIN file_locations places USING (source_id, entry_ordinal)
  LEFT JOIN rejects USING (source_id, entry_ordinal)
 WHERE (places.file_id, rejects.reason) IS DISTINCT FROM (read.file_id, read.reason)
