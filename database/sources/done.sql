-- What is stored of these sources: place by place, the content's id; null for a refusal.
SELECT source_id, entry_ordinal, file_id FROM file_locations WHERE source_id = ANY($1)
UNION ALL
SELECT source_id, entry_ordinal, NULL FROM rejects WHERE source_id = ANY($1) AND entry_ordinal >= 0
