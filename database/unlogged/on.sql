-- Makes the library's tables unlogged, by hand, in the transaction it runs in: children first, for no logged table may
-- refer to an unlogged one. What was unlogged before is not journalled, and so not made logged by off.sql.
INSERT INTO loader.unlogged_tables (name, run_id)
SELECT relname, 0
  FROM pg_class
 WHERE oid IN ('public.rejects'::regclass, 'public.file_locations'::regclass, 'public.musical_metadata'::regclass,
               'public.files'::regclass, 'public.sources'::regclass, 'public.file_songs'::regclass)
   AND relpersistence = 'p'
    ON CONFLICT (name) DO NOTHING;
ALTER TABLE public.file_songs SET UNLOGGED;
ALTER TABLE public.rejects SET UNLOGGED;
ALTER TABLE public.file_locations SET UNLOGGED;
ALTER TABLE public.musical_metadata SET UNLOGGED;
ALTER TABLE public.files SET UNLOGGED;
ALTER TABLE public.sources SET UNLOGGED;
-- Unlogged itself: a crash of the server empties it together with the tables.
CREATE UNLOGGED TABLE IF NOT EXISTS loader.crash_mark AS SELECT now() AS unlogged_at;
