-- Contents that lost a place, at most $1 rows of them, which are looked at by settle.sql in the same transaction.
DELETE FROM loader.loose_contents
 WHERE ctid = ANY (ARRAY (SELECT ctid FROM loader.loose_contents LIMIT $1))
RETURNING file_id
