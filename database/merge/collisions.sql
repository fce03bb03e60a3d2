-- Another content has the id: leave ours out, with its places, and tell which.
WITH collided AS (
    SELECT staged.id
      FROM staging_files staged
      JOIN files USING (id)
     WHERE files.digest <> staged.digest
), left_out AS (
    DELETE FROM staging_files USING collided WHERE staging_files.id = collided.id
), metadata_left_out AS (
    DELETE FROM staging_musical_metadata USING collided WHERE file_id = collided.id
), places_left_out AS (
    DELETE FROM staging_file_locations USING collided WHERE file_id = collided.id
)
SELECT id FROM collided ORDER BY id
