-- The manifest: the 39 secondary indexes of the library, and the only place they are written. The comment of each is the
-- question it answers; questions.sql asks each as SQL. Apply with: psql -f indexes.sql (any number of times).
--
-- Rules of this file: one statement ends with each semicolon; each index is followed by its comment. Text is cut
-- before it is indexed, for a B-tree entry holds at most 2,704 bytes, and one hostile file must not stop a whole batch
-- (the words of musical_metadata.words are cut where they are made). COLLATE "C" lets a B-tree answer LIKE 'prefix%'.

-- files

CREATE INDEX IF NOT EXISTS files_first_run ON files (first_run_id);
COMMENT ON INDEX files_first_run IS 'Which contents did run N bring into the library?';

CREATE INDEX IF NOT EXISTS files_size ON files (size_bytes);
COMMENT ON INDEX files_size IS 'Which are the biggest files, and which are suspiciously small?';

CREATE INDEX IF NOT EXISTS files_damaged ON files (parse_status, warnings) WHERE parse_status <> 'clean';
COMMENT ON INDEX files_damaged IS 'Which files are damaged, which could not be read to their end, and what was odd about them?';

CREATE INDEX IF NOT EXISTS files_md5 ON files (md5) WHERE md5 IS NOT NULL;
COMMENT ON INDEX files_md5 IS 'Which content do Lakh, MetaMIDI or GigaMIDI know by this MD5?';

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

CREATE INDEX IF NOT EXISTS file_locations_name_tempo ON file_locations (name_bpm, name_key) WHERE name_bpm IS NOT NULL;
COMMENT ON INDEX file_locations_name_tempo IS 'Which loops of packs call themselves 120 bpm in A minor?';

CREATE INDEX IF NOT EXISTS file_locations_artist
    ON file_locations (left(lower(name_artist), 128) COLLATE "C", left(lower(name_title), 128) COLLATE "C")
 WHERE name_artist IS NOT NULL;
COMMENT ON INDEX file_locations_artist IS 'What is there by this artist, going by names, in alphabetical order?';

CREATE INDEX IF NOT EXISTS file_locations_title
    ON file_locations (left(lower(name_title), 128) COLLATE "C") WHERE name_title IS NOT NULL;
COMMENT ON INDEX file_locations_title IS 'Which files name this title, whoever plays it?';

-- sources

CREATE INDEX IF NOT EXISTS sources_path ON sources (left(path, 512) COLLATE "C");
COMMENT ON INDEX sources_path IS 'What was read below this folder on disk?';

CREATE INDEX IF NOT EXISTS sources_kind_size ON sources (kind, size_bytes);
COMMENT ON INDEX sources_kind_size IS 'Which are the biggest archives of this kind?';

CREATE INDEX IF NOT EXISTS sources_unfinished ON sources (state) WHERE state <> 'complete';
COMMENT ON INDEX sources_unfinished IS 'Which sources will the next import read again?';

-- musical_metadata: time

CREATE INDEX IF NOT EXISTS metadata_duration ON musical_metadata (duration_sec);
COMMENT ON INDEX metadata_duration IS 'Which are the longest pieces, and which last about this long?';

CREATE INDEX IF NOT EXISTS metadata_tempo ON musical_metadata (tempo_bpm);
COMMENT ON INDEX metadata_tempo IS 'What runs at this tempo or a little faster, nearest first?';

CREATE INDEX IF NOT EXISTS metadata_tempo_changes ON musical_metadata (n_tempo_changes);
COMMENT ON INDEX metadata_tempo_changes IS 'Where does the tempo breathe, with hundreds of changes?';

CREATE INDEX IF NOT EXISTS metadata_key_tempo ON musical_metadata (key, tempo_bpm);
COMMENT ON INDEX metadata_key_tempo IS 'Which are the fast songs in A minor, by what sounds?';

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

CREATE INDEX IF NOT EXISTS metadata_drum_tempo
    ON musical_metadata (tempo_bpm) WHERE n_drum_notes > 0 AND n_melodic_notes = 0;
COMMENT ON INDEX metadata_drum_tempo IS 'Which drum grooves, with nothing but drums, run at this tempo?';

-- musical_metadata: notes

CREATE INDEX IF NOT EXISTS metadata_one_hand
    ON musical_metadata ((pitch_max - pitch_min), polyphony_max) WHERE n_drum_notes = 0;
COMMENT ON INDEX metadata_one_hand IS 'What can be played with one hand: at most five notes at a time, within a tenth?';

CREATE INDEX IF NOT EXISTS metadata_single_line ON musical_metadata (pitch_min, pitch_max) WHERE polyphony_max = 1;
COMMENT ON INDEX metadata_single_line IS 'Which single lines fit the compass of this instrument?';

CREATE INDEX IF NOT EXISTS metadata_notes ON musical_metadata (n_notes);
COMMENT ON INDEX metadata_notes IS 'Which pieces have the most notes, and which have none?';

CREATE INDEX IF NOT EXISTS metadata_density ON musical_metadata (notes_per_sec);
COMMENT ON INDEX metadata_density IS 'Which pieces have the most notes per second?';

CREATE INDEX IF NOT EXISTS metadata_performed ON musical_metadata (families, quantized_ratio) WHERE is_expressive;
COMMENT ON INDEX metadata_performed IS 'Which piano pieces were performed and never quantized, the freest first?';

CREATE INDEX IF NOT EXISTS metadata_pitch_classes ON musical_metadata (n_pitch_classes, n_notes);
COMMENT ON INDEX metadata_pitch_classes IS 'Which longer pieces make do with five pitch classes, as pentatonic ones do?';

CREATE INDEX IF NOT EXISTS metadata_chords ON musical_metadata USING gin (chords) WHERE chords IS NOT NULL;
COMMENT ON INDEX metadata_chords IS 'Which pieces use all of these chords (those of a full analysis)?';

-- musical_metadata: versions

CREATE INDEX IF NOT EXISTS metadata_same_notes ON musical_metadata (note_signature);
COMMENT ON INDEX metadata_same_notes IS 'Which files hold the very same notes, whatever else differs?';

CREATE INDEX IF NOT EXISTS metadata_transposed ON musical_metadata (transposed_signature);
COMMENT ON INDEX metadata_transposed IS 'In which keys is this arrangement there?';

CREATE INDEX IF NOT EXISTS metadata_alike ON musical_metadata USING gin (minhash_bands);
COMMENT ON INDEX metadata_alike IS 'Which files are almost the same as this one?';

-- musical_metadata: words

CREATE INDEX IF NOT EXISTS metadata_title ON musical_metadata (left(lower(title), 128) COLLATE "C");
COMMENT ON INDEX metadata_title IS 'Which titles begin like this, in alphabetical order?';

CREATE INDEX IF NOT EXISTS metadata_words ON musical_metadata USING gin (words);
COMMENT ON INDEX metadata_words IS 'Which files have these words in the title, one after the other in the lyrics, or anywhere in their text?';

CREATE INDEX IF NOT EXISTS metadata_language
    ON musical_metadata (left(lyrics_language, 32)) WHERE lyrics_language IS NOT NULL;
COMMENT ON INDEX metadata_language IS 'Which karaoke files are sung in this language?';

-- musical_metadata: upkeep

CREATE INDEX IF NOT EXISTS metadata_analyser ON musical_metadata (analyser_version, analysis);
COMMENT ON INDEX metadata_analyser IS 'Which files were analysed by an older version, or less thoroughly, and await the present analysis?';
