-- Refusals that the next import of their source tries again.
ALTER TABLE rejects ADD COLUMN is_retried boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN rejects.is_retried IS 'Whether the next import of its source tries it again: set by loader rejects --retry.';

-- Earlier versions read fewer formats and methods: what they refused for that reason is tried again without being asked.
UPDATE rejects SET is_retried = true WHERE reason IN ('unsupported_format', 'unsupported_method') AND entry_ordinal >= 0;
UPDATE sources SET state = 'failed' WHERE id IN (SELECT source_id FROM rejects WHERE is_retried);
