-- The contents $1 with their metadata and the songs they were the last versions of, unless one of them lies somewhere.
WITH loose AS (
    SELECT id FROM files
     WHERE id = ANY ($1) AND NOT is_active
       AND NOT EXISTS (SELECT FROM file_locations WHERE file_id = files.id)
), versions AS (
    DELETE FROM file_songs USING loose WHERE file_id = loose.id
), metadata AS (
    DELETE FROM musical_metadata USING loose WHERE file_id = loose.id
)
DELETE FROM files USING loose WHERE files.id = loose.id
