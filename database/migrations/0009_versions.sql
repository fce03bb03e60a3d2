-- An import stores contents as versions of their songs in the transaction that brings them, so the foreign keys of file_songs are
-- suspended and validated with the others.
CREATE OR REPLACE VIEW loader.foreign_keys AS
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
                      'rejects'::regclass, 'file_songs'::regclass)
   AND c.confrelid IN ('files'::regclass, 'musical_metadata'::regclass, 'file_locations'::regclass, 'sources'::regclass,
                       'rejects'::regclass, 'runs'::regclass, 'songs'::regclass);

-- Without its key nothing else keeps an import from adding a version to a song that goes: whoever finds songs holds this table
-- in ROW EXCLUSIVE MODE until the versions are committed.
CREATE OR REPLACE FUNCTION loader.leave_songs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM left_songs) THEN
        RETURN NULL;
    END IF;
    LOCK TABLE public.song_lookup IN EXCLUSIVE MODE;
    PERFORM FROM public.songs WHERE id IN (SELECT song_id FROM left_songs) ORDER BY id FOR UPDATE;
    DELETE FROM public.songs
     WHERE id IN (SELECT song_id FROM left_songs)
       AND NOT EXISTS (SELECT FROM public.file_songs WHERE song_id = songs.id);
    RETURN NULL;
END
$$;

-- So does whoever deletes songs otherwise.
CREATE FUNCTION loader.keep_from_resolving() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE public.song_lookup IN EXCLUSIVE MODE;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION loader.keep_from_resolving() IS 'Waits for whoever finds songs, and lets nobody begin to.';
CREATE TRIGGER songs_to_be_deleted BEFORE DELETE ON songs
    FOR EACH STATEMENT EXECUTE FUNCTION loader.keep_from_resolving();
