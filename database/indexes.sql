-- The manifest: the 39 secondary indexes of the library, and the only place they are written. The comment of each is the
-- question it answers; questions.sql asks each as SQL. Apply with: psql -f indexes.sql (any number of times).
--
-- Rules of this file: one statement ends with each semicolon; each index is followed by its comment. Text is cut
-- before it is indexed, for a B-tree entry holds at most 2,704 bytes and a tsvector less than 1 MiB, and one hostile
-- file must not stop a whole batch. COLLATE "C" lets a B-tree answer LIKE 'prefix%'.

-- files

CREATE INDEX IF NOT EXISTS files_first_run ON files (first_run_id);
COMMENT ON INDEX files_first_run IS 'Which contents did run N bring into the library?';

CREATE INDEX IF NOT EXISTS files_size ON files (size_bytes);
COMMENT ON INDEX files_size IS 'Which are the biggest files, and which are suspiciously small?';

CREATE INDEX IF NOT EXISTS files_damaged ON files (parse_status) WHERE parse_status <> 'clean';
COMMENT ON INDEX files_damaged IS 'Which files are damaged, and which of them could not be read to their end?';

CREATE INDEX IF NOT EXISTS files_warnings ON files (warnings) WHERE warnings <> 0;
COMMENT ON INDEX files_warnings IS 'Which files show exactly these oddities?';

-- file_locations

CREATE INDEX IF NOT EXISTS file_locations_file ON file_locations (file_id);
COMMENT ON INDEX file_locations_file IS 'Where does every copy of this content lie?';

CREATE INDEX IF NOT EXISTS file_locations_run ON file_locations (run_id);
COMMENT ON INDEX file_locations_run IS 'Which places did run N find, new contents and copies alike?';

CREATE INDEX IF NOT EXISTS file_locations_name_trigrams ON file_locations USING gin (name gin_trgm_ops);
COMMENT ON INDEX file_locations_name_trigrams IS 'Which files have this in their name, in any case and anywhere in it?';

CREATE INDEX IF NOT EXISTS file_locations_entry_path
    ON file_locations (left(entry_path, 256) COLLATE "C") WHERE entry_path IS NOT NULL;
COMMENT ON INDEX file_locations_entry_path IS 'What lies below this folder inside archives?';

CREATE INDEX IF NOT EXISTS file_locations_extension ON file_locations (extension) WHERE extension <> 'mid';
COMMENT ON INDEX file_locations_extension IS 'Which files carry a rarer extension, such as kar?';

CREATE INDEX IF NOT EXISTS file_locations_name_encoding
    ON file_locations (name_encoding) WHERE name_encoding NOT IN ('ascii', 'utf-8');
COMMENT ON INDEX file_locations_name_encoding IS 'Which names were decoded from this legacy encoding and deserve a look?';

-- sources

CREATE INDEX IF NOT EXISTS sources_path ON sources (left(path, 512) COLLATE "C");
COMMENT ON INDEX sources_path IS 'What was read below this folder on disk?';

CREATE INDEX IF NOT EXISTS sources_kind_size ON sources (kind, size_bytes);
COMMENT ON INDEX sources_kind_size IS 'Which are the biggest archives of this kind?';

CREATE INDEX IF NOT EXISTS sources_modified ON sources (mtime_ns);
COMMENT ON INDEX sources_modified IS 'What was last changed on disk in this span of time?';

CREATE INDEX IF NOT EXISTS sources_unfinished ON sources (state) WHERE state <> 'complete';
COMMENT ON INDEX sources_unfinished IS 'Which sources will the next import read again?';

CREATE INDEX IF NOT EXISTS sources_entries ON sources (entries) WHERE entries > 1;
COMMENT ON INDEX sources_entries IS 'Which archives hold the most files?';

CREATE INDEX IF NOT EXISTS sources_first_run ON sources (first_run_id);
COMMENT ON INDEX sources_first_run IS 'Which sources did run N meet first?';

-- musical_metadata: time

CREATE INDEX IF NOT EXISTS metadata_duration ON musical_metadata (duration_sec);
COMMENT ON INDEX metadata_duration IS 'Which are the longest pieces, and which last about this long?';

CREATE INDEX IF NOT EXISTS metadata_tempo ON musical_metadata (tempo_bpm);
COMMENT ON INDEX metadata_tempo IS 'What runs at this tempo or a little faster, nearest first?';

CREATE INDEX IF NOT EXISTS metadata_tempo_changes ON musical_metadata (n_tempo_changes);
COMMENT ON INDEX metadata_tempo_changes IS 'Where does the tempo breathe, with hundreds of changes?';

CREATE INDEX IF NOT EXISTS metadata_key_tempo ON musical_metadata (key_declared, tempo_bpm);
COMMENT ON INDEX metadata_key_tempo IS 'Which are the fast songs in A minor?';

CREATE INDEX IF NOT EXISTS metadata_meter_tempo ON musical_metadata (time_signature_main, tempo_bpm);
COMMENT ON INDEX metadata_meter_tempo IS 'Which pieces in three-four are fast enough for a Viennese waltz?';

CREATE INDEX IF NOT EXISTS metadata_meters ON musical_metadata USING gin (time_signatures);
COMMENT ON INDEX metadata_meters IS 'Which pieces go through both 7/8 and 4/4?';

CREATE INDEX IF NOT EXISTS metadata_bars_tempo ON musical_metadata (n_bars, tempo_bpm);
COMMENT ON INDEX metadata_bars_tempo IS 'Which four-bar loops fit a track at this tempo?';

-- musical_metadata: instruments

CREATE INDEX IF NOT EXISTS metadata_instruments ON musical_metadata USING gin (instruments);
COMMENT ON INDEX metadata_instruments IS 'Where do these instruments play together (General MIDI programs that sound)?';

CREATE INDEX IF NOT EXISTS metadata_families ON musical_metadata USING gin (families);
COMMENT ON INDEX metadata_families IS 'Where do these General MIDI families meet, such as strings and reeds?';

CREATE INDEX IF NOT EXISTS metadata_drum_keys ON musical_metadata USING gin (drum_keys);
COMMENT ON INDEX metadata_drum_keys IS 'Which drum kits use this percussion instrument, such as the cuica?';

CREATE INDEX IF NOT EXISTS metadata_drums_only
    ON musical_metadata (n_drum_notes) WHERE n_drum_notes > 0 AND n_melodic_notes = 0;
COMMENT ON INDEX metadata_drums_only IS 'Which files hold drums and nothing else?';

-- musical_metadata: notes

CREATE INDEX IF NOT EXISTS metadata_one_hand
    ON musical_metadata ((pitch_max - pitch_min), polyphony_max) WHERE n_drum_notes = 0;
COMMENT ON INDEX metadata_one_hand IS 'What can be played with one hand: at most five notes at a time, within a tenth?';

CREATE INDEX IF NOT EXISTS metadata_single_line ON musical_metadata (pitch_min, pitch_max) WHERE polyphony_max = 1;
COMMENT ON INDEX metadata_single_line IS 'Which single lines fit the compass of this instrument?';

CREATE INDEX IF NOT EXISTS metadata_polyphony ON musical_metadata (polyphony_max);
COMMENT ON INDEX metadata_polyphony IS 'Where do the most notes sound at once?';

CREATE INDEX IF NOT EXISTS metadata_notes ON musical_metadata (n_notes);
COMMENT ON INDEX metadata_notes IS 'Which pieces have the most notes, and which have none?';

CREATE INDEX IF NOT EXISTS metadata_density ON musical_metadata (notes_per_sec);
COMMENT ON INDEX metadata_density IS 'Which pieces have the most notes per second?';

CREATE INDEX IF NOT EXISTS metadata_velocities ON musical_metadata (n_distinct_velocities);
COMMENT ON INDEX metadata_velocities IS 'What was played by a person, with a hundred different velocities?';

CREATE INDEX IF NOT EXISTS metadata_pitch_classes ON musical_metadata (n_pitch_classes, n_notes);
COMMENT ON INDEX metadata_pitch_classes IS 'Which longer pieces make do with five pitch classes, as pentatonic ones do?';

-- musical_metadata: words

CREATE INDEX IF NOT EXISTS metadata_title ON musical_metadata (left(lower(title), 128) COLLATE "C");
COMMENT ON INDEX metadata_title IS 'Which titles begin like this, in alphabetical order?';

CREATE INDEX IF NOT EXISTS metadata_title_words
    ON musical_metadata USING gin (to_tsvector('simple', left(title, 1000)));
COMMENT ON INDEX metadata_title_words IS 'Which titles hold these words, in any order?';

CREATE INDEX IF NOT EXISTS metadata_lyrics_words
    ON musical_metadata USING gin (to_tsvector('simple', left(lyrics, 100000))) WHERE lyrics IS NOT NULL;
COMMENT ON INDEX metadata_lyrics_words IS 'In which lyrics are these words sung, one after the other?';

CREATE INDEX IF NOT EXISTS metadata_text_words
    ON musical_metadata USING gin (to_tsvector('simple', left(text, 100000))) WHERE text IS NOT NULL;
COMMENT ON INDEX metadata_text_words IS 'Which files name this person or device anywhere: track names, copyright, markers, remarks?';

-- musical_metadata: upkeep

CREATE INDEX IF NOT EXISTS metadata_analyser ON musical_metadata (analyser_version);
COMMENT ON INDEX metadata_analyser IS 'Which files were analysed by an older version and await the present one?';
