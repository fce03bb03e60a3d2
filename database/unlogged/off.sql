-- Makes the tables of the journal logged again, in the transaction it runs in: parents first, for no logged table may
-- refer to an unlogged one.
DO $$
DECLARE
    unlogged text;
BEGIN
    FOR unlogged IN SELECT name
                      FROM loader.unlogged_tables
                     ORDER BY array_position('{sources,files,musical_metadata,file_locations,rejects,file_songs}', name)
    LOOP
        EXECUTE format('ALTER TABLE public.%I SET LOGGED', unlogged);
    END LOOP;
END
$$;
DELETE FROM loader.unlogged_tables;
DROP TABLE IF EXISTS loader.crash_mark;
