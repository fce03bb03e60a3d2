-- Builds one index of the journal again, as loader does: in the transaction that takes it out. For psql, which is given
-- its name as :name and the text of pending.sql as :pending. Prints a row of it, none where somebody else has built it.
-- The row of the journal is the lock: a session that was cut off may still be at work on the server.
BEGIN;
SET LOCAL search_path = '';
SELECT count(*) = 1 AS is_waiting
  FROM (SELECT FROM loader.suspended_indexes WHERE name = :'name' FOR UPDATE) AS journal \gset
\if :is_waiting
-- One that stands already as the journal has it is kept, an invalid one made anew; another of the same name is an error.
WITH standing AS MATERIALIZED (SELECT definition, is_valid FROM loader.secondary_indexes WHERE name = :'name')
SELECT statement
  FROM (:pending) AS journal
  LEFT JOIN standing ON true
 CROSS JOIN LATERAL unnest(
       ARRAY['SET LOCAL search_path TO DEFAULT']
       || CASE WHEN standing.definition IS NULL
               THEN ARRAY[preparation, journal.definition]
               WHEN standing.definition <> journal.definition
               THEN ARRAY[format('DO %L', format('BEGIN RAISE EXCEPTION USING MESSAGE = %L; END', format(
                              'the name of the index %s is taken by: %s', name, standing.definition)))]
               WHEN NOT standing.is_valid
               THEN ARRAY[format('DROP INDEX %I.%I', schema_name, name), preparation, journal.definition]
               ELSE '{}' END
       || finishing) WITH ORDINALITY AS steps (statement, step)
 WHERE name = :'name'
 ORDER BY step \gexec
\ir built.sql
\else
ROLLBACK;
\endif
