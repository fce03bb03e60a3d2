-- Looks at the rows of one foreign key of the journal, which stands by now, in the transaction that takes it out. For psql,
-- which is given its table and name as :table and :name and the text of keys_pending.sql as :pending. Prints a row of it,
-- none where somebody else has done it. The row of the journal is the lock, as in build.sql.
BEGIN;
SET LOCAL search_path = '';
SELECT count(*) = 1 AS is_waiting
  FROM (SELECT FROM loader.suspended_foreign_keys
         WHERE table_name = :'table' AND name = :'name' FOR UPDATE) AS journal \gset
\if :is_waiting
SELECT unnest(array_remove(ARRAY[validating, commenting, finishing], NULL))
  FROM (:pending) AS journal
 WHERE table_name = :'table' AND name = :'name' \gexec
\ir built.sql
\else
ROLLBACK;
\endif
