-- Marks refusals to be tried again by the next import of their sources: $1 the run that refused them, $2 the reason; null
-- for any. Answers how many, and in how many sources.
WITH marked AS (
    UPDATE rejects SET is_retried = true
     WHERE ($1::integer IS NULL OR run_id = $1) AND ($2::text IS NULL OR reason = $2)
    RETURNING source_id
), reopened AS (
    UPDATE sources SET state = 'failed'
     WHERE id IN (SELECT source_id FROM marked) AND state = 'complete'
)
SELECT count(*), count(DISTINCT source_id) FROM marked
