-- Contents of the staged rows whose texts will call them something else.
INSERT INTO loader.unsorted_contents
SELECT staged.file_id
  FROM staging_musical_metadata staged
  JOIN musical_metadata stored USING (file_id)
 WHERE (stored.title, stored.artist) IS DISTINCT FROM (staged.title, staged.artist)
