-- Foreign keys from logged tables of a user's own into the library: as long as one stands, its target stays logged.
SELECT format('%s of %s', quote_ident(conname), conrelid::regclass) AS reference
  FROM pg_constraint
  JOIN pg_class AS referring ON referring.oid = conrelid
 WHERE contype = 'f' AND conparentid = 0 AND relpersistence = 'p'
   AND confrelid IN ('public.rejects'::regclass, 'public.file_locations'::regclass, 'public.musical_metadata'::regclass,
                     'public.files'::regclass, 'public.sources'::regclass, 'public.file_songs'::regclass)
   AND conrelid NOT IN ('public.rejects'::regclass, 'public.file_locations'::regclass,
                        'public.musical_metadata'::regclass, 'public.files'::regclass, 'public.sources'::regclass, 'public.file_songs'::regclass)
 ORDER BY 1
