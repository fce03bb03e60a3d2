-- How well a content could be read, which a newer analyser may see otherwise; its MD5 where it was asked for. What says
-- the same already is not written.
UPDATE files
   SET parse_status = staged.parse_status, warnings = staged.warnings, md5 = coalesce(staged.md5, files.md5)
  FROM staging_files staged
 WHERE files.id = staged.id
   AND (files.parse_status, files.warnings, files.md5)
       IS DISTINCT FROM (staged.parse_status, staged.warnings, coalesce(staged.md5, files.md5))
