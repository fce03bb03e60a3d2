-- A source that could be read this time is no longer refused as a whole.
DELETE FROM rejects WHERE source_id = ANY($1) AND entry_ordinal = -1
