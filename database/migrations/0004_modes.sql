-- What the modes take away or change for the time of a run beside indexes: foreign keys, settings of the server; and tables
-- that were made unlogged by hand. Each has its journal here, so that whatever is killed, all of it can be put back.

-- The foreign keys between the tables of the library, as they would have to be made again. Definitions name a schema
-- wherever search_path does not: read it with an empty search_path to have them complete and comparable.
CREATE VIEW loader.foreign_keys AS
SELECT n.nspname                    AS schema_name,
       t.relname                    AS table_name,
       c.conname                    AS name,
       pg_get_constraintdef(c.oid)  AS definition,
       obj_description(c.oid, 'pg_constraint') AS comment,
       c.convalidated               AS is_valid
  FROM pg_constraint c
  JOIN pg_class t ON t.oid = c.conrelid
  JOIN pg_namespace n ON n.oid = t.relnamespace
 WHERE c.contype = 'f' AND c.conparentid = 0
   AND c.conrelid IN ('files'::regclass, 'musical_metadata'::regclass, 'file_locations'::regclass, 'sources'::regclass,
                      'rejects'::regclass)
   AND c.confrelid IN ('files'::regclass, 'musical_metadata'::regclass, 'file_locations'::regclass, 'sources'::regclass,
                       'rejects'::regclass, 'runs'::regclass);
COMMENT ON VIEW loader.foreign_keys IS 'The foreign keys between the tables of the library; those from and to a user''s own tables are not among them.';
COMMENT ON COLUMN loader.foreign_keys.is_valid IS 'Whether all rows are known to keep it; only such a one is ever suspended.';

CREATE TABLE loader.suspended_foreign_keys (
    schema_name  text NOT NULL,
    table_name   text NOT NULL,
    name         text NOT NULL,
    definition   text NOT NULL,
    comment      text,
    run_id       integer NOT NULL,
    suspended_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (table_name, name)
);
COMMENT ON TABLE loader.suspended_foreign_keys IS 'Foreign keys dropped for a fast load, as the catalog described them; a row leaves in the transaction in which its key is valid again.';
COMMENT ON COLUMN loader.suspended_foreign_keys.definition IS 'What follows ADD CONSTRAINT and the name, every table with its schema.';
COMMENT ON COLUMN loader.suspended_foreign_keys.run_id IS 'The run that dropped it, 0 where it was done by hand.';
COMMENT ON COLUMN loader.suspended_foreign_keys.suspended_at IS 'Start of the transaction that dropped it, server clock.';

CREATE TABLE loader.changed_settings (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id       integer NOT NULL,
    name         text NOT NULL,
    state        text NOT NULL CHECK (state IN ('planned', 'applied', 'restored')),
    wanted       text NOT NULL,
    entry        text,
    setting      text NOT NULL,
    planned_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    applied_at   timestamptz,
    restored_at  timestamptz
);
CREATE UNIQUE INDEX changed_settings_open ON loader.changed_settings (name) WHERE state <> 'restored';
COMMENT ON INDEX loader.changed_settings_open IS 'What is to be put back? Never twice the same setting, for only the first change knows what was there.';
COMMENT ON TABLE loader.changed_settings IS 'Settings of the server that were changed with ALTER SYSTEM, each written down before it was changed.';
COMMENT ON COLUMN loader.changed_settings.run_id IS 'The run that changed it, 0 where it was done by hand.';
COMMENT ON COLUMN loader.changed_settings.state IS 'planned: it may have been changed; applied: it was; restored: it is as it was.';
COMMENT ON COLUMN loader.changed_settings.wanted IS 'What ALTER SYSTEM was given.';
COMMENT ON COLUMN loader.changed_settings.entry IS 'What postgresql.auto.conf said before; null where it said nothing.';
COMMENT ON COLUMN loader.changed_settings.setting IS 'What was in force before: pg_settings.setting, in the setting''s own unit.';

CREATE TABLE loader.unlogged_tables (
    name         text PRIMARY KEY,
    run_id       integer NOT NULL,
    unlogged_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE loader.unlogged_tables IS 'Tables of the library that were made unlogged by hand; a row leaves in the transaction that makes its table logged again.';
COMMENT ON COLUMN loader.unlogged_tables.run_id IS 'The run that did it, 0 where it was done by hand.';
COMMENT ON COLUMN loader.suspended_foreign_keys.schema_name IS 'The schema of its table.';
COMMENT ON COLUMN loader.suspended_foreign_keys.table_name IS 'The table that refers to another.';
COMMENT ON COLUMN loader.suspended_foreign_keys.name IS 'Its name.';
COMMENT ON COLUMN loader.suspended_foreign_keys.comment IS 'Its comment; null for none.';
COMMENT ON COLUMN loader.changed_settings.id IS 'Number of the change, ascending.';
COMMENT ON COLUMN loader.changed_settings.name IS 'The setting''s name.';
COMMENT ON COLUMN loader.changed_settings.planned_at IS 'When the change was written down, server clock.';
COMMENT ON COLUMN loader.changed_settings.applied_at IS 'When it was known to be made, server clock; null before.';
COMMENT ON COLUMN loader.changed_settings.restored_at IS 'When all was seen to be as before, server clock; null before.';
COMMENT ON COLUMN loader.unlogged_tables.name IS 'The table, in the schema public.';
COMMENT ON COLUMN loader.unlogged_tables.unlogged_at IS 'Start of the transaction that made it unlogged, server clock.';
