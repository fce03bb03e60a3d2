-- What was marked to be tried again is no longer done. A run that is killed now reads it again all the same, for its source
-- is loading from this transaction on.
DELETE FROM rejects WHERE source_id = ANY($1) AND is_retried
