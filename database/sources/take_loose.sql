-- Contents that lost a place, at most $1 rows of them: loose_alone.sql and settle.sql look where they lie, in the same transaction.
-- All may be called otherwise now.
WITH taken AS (
    DELETE FROM loader.loose_contents
     WHERE ctid = ANY (ARRAY (SELECT ctid FROM loader.loose_contents LIMIT $1))
    RETURNING file_id
), noted AS (
    INSERT INTO loader.unsorted_contents SELECT DISTINCT file_id FROM taken
)
SELECT file_id FROM taken
