-- Temporary tables of this connection, shaped like the library's, emptied at every commit: a batch that may meet rows
-- that are there already arrives here first.
CREATE TEMPORARY TABLE IF NOT EXISTS staging_sources          (LIKE sources          INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS staging_files            (LIKE files            INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS staging_musical_metadata (LIKE musical_metadata INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS staging_file_locations   (LIKE file_locations   INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS staging_rejects          (LIKE rejects          INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;
