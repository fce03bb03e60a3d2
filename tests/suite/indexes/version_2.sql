-- The indexes that version 2 of the schema had and version 3 has not, or has otherwise.

CREATE INDEX files_damaged ON files (parse_status) WHERE parse_status <> 'clean';
CREATE INDEX files_warnings ON files (warnings) WHERE warnings <> 0;
CREATE INDEX file_locations_extension ON file_locations (extension) WHERE extension <> 'mid';
CREATE INDEX file_locations_name_encoding
    ON file_locations (name_encoding) WHERE name_encoding NOT IN ('ascii', 'utf-8');
CREATE INDEX sources_modified ON sources (mtime_ns);
CREATE INDEX sources_entries ON sources (entries) WHERE entries > 1;
CREATE INDEX sources_first_run ON sources (first_run_id);
CREATE INDEX metadata_key_tempo ON musical_metadata (key_declared, tempo_bpm);
CREATE INDEX metadata_drums_only
    ON musical_metadata (n_drum_notes) WHERE n_drum_notes > 0 AND n_melodic_notes = 0;
CREATE INDEX metadata_polyphony ON musical_metadata (polyphony_max);
CREATE INDEX metadata_velocities ON musical_metadata (n_distinct_velocities);
CREATE INDEX metadata_title_words
    ON musical_metadata USING gin (to_tsvector('simple', left(title, 1000)));
CREATE INDEX metadata_lyrics_words
    ON musical_metadata USING gin (to_tsvector('simple', left(lyrics, 100000))) WHERE lyrics IS NOT NULL;
CREATE INDEX metadata_text_words
    ON musical_metadata USING gin (to_tsvector('simple', left(text, 100000))) WHERE text IS NOT NULL;
CREATE INDEX metadata_analyser ON musical_metadata (analyser_version);
