-- The questions of indexes.sql as SQL, one for each index, in the same order. The test suite explains each on more than
-- 100,000 rows and fails where the planner does not use the index named above it.

-- index: files_first_run
SELECT id, size_bytes FROM files WHERE first_run_id = 7;

-- index: files_size
SELECT id, size_bytes FROM files ORDER BY size_bytes DESC LIMIT 20;

-- index: files_damaged
SELECT id, size_bytes, warnings FROM files WHERE parse_status = 'partial';

-- index: files_warnings
SELECT id, parse_status FROM files WHERE warnings = 12;

-- index: file_locations_file
SELECT source_id, entry_ordinal, name FROM file_locations WHERE file_id = 4611686018427350000;

-- index: file_locations_run
SELECT file_id, entry_path, name FROM file_locations WHERE run_id = 7;

-- index: file_locations_name_trigrams
SELECT file_id, name FROM file_locations WHERE name ILIKE '%sonata%moonlight%';

-- index: file_locations_entry_path
SELECT file_id, entry_path FROM file_locations WHERE left(entry_path, 256) LIKE 'Jazz/artist 17/%';

-- index: file_locations_extension
SELECT file_id, name FROM file_locations WHERE extension = 'kar';

-- index: file_locations_name_encoding
SELECT file_id, name, entry_path_raw FROM file_locations WHERE name_encoding = 'shift_jis';

-- index: sources_path
SELECT path, kind, entries FROM sources WHERE left(path, 512) LIKE '/music/midi/artist 17/%';

-- index: sources_kind_size
SELECT path, size_bytes FROM sources WHERE kind = 'zip' ORDER BY size_bytes DESC LIMIT 20;

-- index: sources_modified
SELECT path FROM sources
 WHERE mtime_ns >= extract(epoch FROM timestamptz '1996-06-01 00:00:00Z')::bigint * 1000000000
   AND mtime_ns < extract(epoch FROM timestamptz '1996-07-01 00:00:00Z')::bigint * 1000000000;

-- index: sources_unfinished
SELECT path, state FROM sources WHERE state = 'failed';

-- index: sources_entries
SELECT path, entries FROM sources WHERE entries > 1 ORDER BY entries DESC LIMIT 20;

-- index: sources_first_run
SELECT path, kind, entries FROM sources WHERE first_run_id = 7;

-- index: metadata_duration
SELECT file_id, duration_sec FROM musical_metadata ORDER BY duration_sec DESC LIMIT 20;

-- index: metadata_tempo
SELECT file_id, tempo_bpm FROM musical_metadata WHERE tempo_bpm >= 174 ORDER BY tempo_bpm LIMIT 50;

-- index: metadata_tempo_changes
SELECT file_id, n_tempo_changes FROM musical_metadata WHERE n_tempo_changes >= 500;

-- index: metadata_key_tempo
SELECT file_id, tempo_bpm, title FROM musical_metadata WHERE key_declared = 'Am' AND tempo_bpm >= 160;

-- index: metadata_meter_tempo
SELECT file_id, tempo_bpm, title FROM musical_metadata WHERE time_signature_main = '3/4' AND tempo_bpm BETWEEN 170 AND 190;

-- index: metadata_meters
SELECT file_id, time_signatures FROM musical_metadata WHERE time_signatures @> '{7/8,4/4}';

-- index: metadata_bars_tempo
SELECT file_id, tempo_bpm FROM musical_metadata WHERE n_bars = 4 AND tempo_bpm BETWEEN 120 AND 128;

-- index: metadata_instruments
SELECT file_id, title FROM musical_metadata WHERE instruments @> '{65,105}';

-- index: metadata_families
SELECT file_id, title FROM musical_metadata WHERE families @> '{5,8,13}';

-- index: metadata_drum_keys
SELECT file_id, title FROM musical_metadata WHERE drum_keys @> '{79}';

-- index: metadata_drums_only
SELECT file_id, n_drum_notes FROM musical_metadata WHERE n_drum_notes > 0 AND n_melodic_notes = 0;

-- index: metadata_one_hand
SELECT file_id, pitch_min, pitch_max FROM musical_metadata
 WHERE pitch_max - pitch_min <= 16 AND polyphony_max <= 5 AND n_drum_notes = 0;

-- index: metadata_single_line
SELECT file_id, title FROM musical_metadata WHERE polyphony_max = 1 AND pitch_min >= 60 AND pitch_max <= 84;

-- index: metadata_polyphony
SELECT file_id, polyphony_max FROM musical_metadata ORDER BY polyphony_max DESC LIMIT 20;

-- index: metadata_notes
SELECT file_id, n_notes FROM musical_metadata ORDER BY n_notes DESC LIMIT 20;

-- index: metadata_density
SELECT file_id, notes_per_sec FROM musical_metadata WHERE notes_per_sec >= 20 ORDER BY notes_per_sec DESC LIMIT 20;

-- index: metadata_velocities
SELECT file_id, title FROM musical_metadata WHERE n_distinct_velocities >= 100;

-- index: metadata_pitch_classes
SELECT file_id, title FROM musical_metadata WHERE n_pitch_classes = 5 AND n_notes >= 2000;

-- index: metadata_title
SELECT file_id, title FROM musical_metadata
 WHERE left(lower(title), 128) LIKE 'moonlight s%' ORDER BY left(lower(title), 128) COLLATE "C" LIMIT 50;

-- index: metadata_title_words
SELECT file_id, title FROM musical_metadata
 WHERE to_tsvector('simple', left(title, 1000)) @@ to_tsquery('simple', 'moonlight & sonata');

-- index: metadata_lyrics_words
SELECT file_id, title FROM musical_metadata
 WHERE to_tsvector('simple', left(lyrics, 100000)) @@ phraseto_tsquery('simple', 'silver river dream');

-- index: metadata_text_words
SELECT file_id, title FROM musical_metadata
 WHERE to_tsvector('simple', left(text, 100000)) @@ to_tsquery('simple', 'roland & piano');

-- index: metadata_analyser
SELECT file_id FROM musical_metadata WHERE analyser_version < 2;
