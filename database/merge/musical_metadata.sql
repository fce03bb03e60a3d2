-- {columns} stands for the columns that rows are written to: the others are computed or a user's own.
INSERT INTO musical_metadata ({columns})
SELECT {columns} FROM staging_musical_metadata ORDER BY file_id
ON CONFLICT (file_id) DO NOTHING
