INSERT INTO musical_metadata
SELECT * FROM staging_musical_metadata ORDER BY file_id
ON CONFLICT (file_id) DO NOTHING
