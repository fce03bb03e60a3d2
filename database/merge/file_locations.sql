-- A place holds one content: what was refused there before, or held another content, is brought up to date.
WITH no_longer_refused AS (
    DELETE FROM rejects USING staging_file_locations staged
     WHERE rejects.source_id = staged.source_id AND rejects.entry_ordinal = staged.entry_ordinal
), no_longer_there AS (
    INSERT INTO loader.loose_contents
    SELECT held.file_id
      FROM file_locations held
      JOIN staging_file_locations staged USING (source_id, entry_ordinal)
     WHERE held.file_id <> staged.file_id
), stored AS (
    INSERT INTO file_locations
    SELECT * FROM staging_file_locations ORDER BY source_id, entry_ordinal
    ON CONFLICT (source_id, entry_ordinal) DO UPDATE
       SET file_id = excluded.file_id, run_id = excluded.run_id, entry_path = excluded.entry_path,
           entry_path_raw = excluded.entry_path_raw, name = excluded.name, extension = excluded.extension,
           name_encoding = excluded.name_encoding, name_bpm = excluded.name_bpm, name_key = excluded.name_key,
           name_bars = excluded.name_bars, name_artist = excluded.name_artist, name_title = excluded.name_title,
           is_active = true
     WHERE (file_locations.file_id, file_locations.entry_path, file_locations.entry_path_raw, file_locations.is_active)
           IS DISTINCT FROM (excluded.file_id, excluded.entry_path, excluded.entry_path_raw, true)
    RETURNING file_id
)
INSERT INTO loader.unsorted_contents SELECT DISTINCT file_id FROM stored
