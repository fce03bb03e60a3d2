-- The questions of indexes.sql as SQL, at least one for each index, in the same order. The test suite explains each on more
-- than 100,000 rows and fails where the planner does not use the index named above it. Longer questions, made of several of
-- these, stand in queries/.

-- index: files_first_run
SELECT id, size_bytes FROM files WHERE first_run_id = 7;

-- index: files_size
SELECT id, size_bytes FROM files ORDER BY size_bytes DESC LIMIT 20;

-- index: files_damaged
SELECT id, size_bytes, warnings FROM files WHERE parse_status = 'partial';

-- index: files_md5
SELECT id, size_bytes FROM files WHERE md5 = decode('c4ca4238a0b923820dcc509a6f75849b', 'hex');

-- index: file_locations_file
SELECT source_id, entry_ordinal, name FROM file_locations WHERE file_id = 4611686018427350000;

-- index: file_locations_run
SELECT file_id, entry_path, name FROM file_locations WHERE run_id = 7;

-- index: file_locations_name_trigrams
SELECT file_id, name FROM file_locations WHERE name ILIKE '%sonata%moonlight%';

-- index: file_locations_entry_path
SELECT file_id, entry_path FROM file_locations WHERE left(entry_path, 256) LIKE 'Jazz/artist 17/%';

-- index: file_locations_name_tempo
SELECT file_id, name FROM file_locations WHERE name_bpm = 120 AND name_key = 'Am';

-- index: file_locations_artist
SELECT file_id, name_artist, name_title FROM file_locations
 WHERE left(lower(name_artist), 128) = 'artist 17'
 ORDER BY left(lower(name_artist), 128) COLLATE "C", left(lower(name_title), 128) COLLATE "C";

-- index: file_locations_title
SELECT file_id, name_artist, name_title FROM file_locations WHERE left(lower(name_title), 128) LIKE 'moonlight so%';

-- index: sources_path
SELECT path, kind, entries FROM sources WHERE left(path, 512) LIKE '/music/midi/artist 17/%';

-- index: sources_kind_size
SELECT path, size_bytes FROM sources WHERE kind = 'zip' ORDER BY size_bytes DESC LIMIT 20;

-- index: sources_unfinished
SELECT path, state FROM sources WHERE state = 'failed';

-- index: metadata_duration
SELECT file_id, duration_sec FROM musical_metadata ORDER BY duration_sec DESC LIMIT 20;

-- index: metadata_tempo
SELECT file_id, tempo_bpm FROM musical_metadata WHERE tempo_bpm >= 174 ORDER BY tempo_bpm LIMIT 50;

-- index: metadata_tempo_changes
SELECT file_id, n_tempo_changes FROM musical_metadata WHERE n_tempo_changes >= 500;

-- index: metadata_key_tempo
SELECT file_id, tempo_bpm, title FROM musical_metadata WHERE key = 'Am' AND tempo_bpm >= 160;

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

-- index: metadata_drum_tempo
SELECT file_id, tempo_bpm, n_drum_notes FROM musical_metadata
 WHERE n_drum_notes > 0 AND n_melodic_notes = 0 AND tempo_bpm BETWEEN 118 AND 122;

-- index: metadata_one_hand
SELECT file_id, pitch_min, pitch_max FROM musical_metadata
 WHERE pitch_max - pitch_min <= 16 AND polyphony_max <= 5 AND n_drum_notes = 0;

-- index: metadata_single_line
SELECT file_id, title FROM musical_metadata WHERE polyphony_max = 1 AND pitch_min >= 60 AND pitch_max <= 84;

-- index: metadata_notes
SELECT file_id, n_notes FROM musical_metadata ORDER BY n_notes DESC LIMIT 20;

-- index: metadata_density
SELECT file_id, notes_per_sec FROM musical_metadata WHERE notes_per_sec >= 20 ORDER BY notes_per_sec DESC LIMIT 20;

-- index: metadata_performed
SELECT file_id, quantized_ratio, title FROM musical_metadata
 WHERE is_expressive AND families = '{0}' ORDER BY quantized_ratio LIMIT 50;

-- index: metadata_pitch_classes
SELECT file_id, title FROM musical_metadata WHERE n_pitch_classes = 5 AND n_notes >= 2000;

-- index: metadata_chords
SELECT file_id, title FROM musical_metadata WHERE chords @> '{Dm7,G7,Cmaj7}';

-- index: metadata_same_notes
SELECT other.file_id, other.title
  FROM musical_metadata AS this JOIN musical_metadata AS other USING (note_signature)
 WHERE this.file_id = 553863490813124735;

-- index: metadata_transposed
SELECT other.file_id, other.key, other.title
  FROM musical_metadata AS this JOIN musical_metadata AS other USING (transposed_signature)
 WHERE this.file_id = 553863490813124735;

-- index: metadata_alike
SELECT other.file_id, other.title
  FROM musical_metadata AS this JOIN musical_metadata AS other ON other.minhash_bands && this.minhash_bands
 WHERE this.file_id = 553863490813124735;

-- index: metadata_title
SELECT file_id, title FROM musical_metadata
 WHERE left(lower(title), 128) LIKE 'moonlight s%' ORDER BY left(lower(title), 128) COLLATE "C" LIMIT 50;

-- index: metadata_words
SELECT file_id, title FROM musical_metadata WHERE words @@ to_tsquery('simple', 'moonlight:A & sonata:A');

-- index: metadata_words
SELECT file_id, title FROM musical_metadata WHERE words @@ to_tsquery('simple', 'silver:B <-> river:B <-> dream:B');

-- index: metadata_words
SELECT file_id, title FROM musical_metadata WHERE words @@ to_tsquery('simple', 'roland & piano');

-- index: metadata_language
SELECT file_id, title FROM musical_metadata WHERE left(lyrics_language, 32) = 'ital';

-- index: metadata_analyser
SELECT file_id FROM musical_metadata
 WHERE analyser_version < 2 OR (analyser_version = 2 AND analysis = 'basic');
