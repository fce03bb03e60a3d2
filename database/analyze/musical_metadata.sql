-- {columns} stands for the columns that rows are written to: the others are computed or a user's own. What says the same
-- already is not written.
UPDATE musical_metadata
   SET ({columns}) = (SELECT {columns} FROM (SELECT staged.*) AS found)
  FROM staging_musical_metadata staged
 WHERE musical_metadata.file_id = staged.file_id
   AND (SELECT ROW ({columns}) FROM (SELECT musical_metadata.*) AS stored)
       IS DISTINCT FROM (SELECT ROW ({columns}) FROM (SELECT staged.*) AS found)
