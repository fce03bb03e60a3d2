-- Which of the library's tables are unlogged, which of them by loader's journal, and whether a crash of the server has
-- emptied them since: then the mark, which was made with a row, has not a page.
SELECT ARRAY(SELECT relname::text
               FROM pg_class
              WHERE oid IN ('public.rejects'::regclass, 'public.file_locations'::regclass,
                            'public.musical_metadata'::regclass, 'public.files'::regclass, 'public.sources'::regclass, 'public.file_songs'::regclass)
                AND relpersistence = 'u'
              ORDER BY relname) AS unlogged,
       ARRAY(SELECT name FROM loader.unlogged_tables ORDER BY name) AS journalled,
       coalesce(pg_relation_size(to_regclass('loader.crash_mark')) = 0, false) AS is_emptied
