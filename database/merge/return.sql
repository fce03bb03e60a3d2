-- Contents that had lost their last place and are found again.
UPDATE files SET is_active = true
  FROM staging_file_locations staged
 WHERE files.id = staged.file_id AND NOT files.is_active
