-- What the music says beyond counting: keys, rhythm, performance, signatures; what a name claims; MD5 to join other
-- catalogues. Rows of earlier versions are `basic` and keep nulls until `loader analyze --missing` fills them.

-- Indexes that the manifest no longer has, or has otherwise: `loader db migrate` or the next import makes those that take
-- their place. Dropped first, for adding columns writes a table anew, and would build them again.
DO $$
DECLARE
    retired CONSTANT text[] := ARRAY[
        'files_warnings', 'files_damaged', 'file_locations_extension', 'file_locations_name_encoding', 'sources_modified',
        'sources_entries', 'sources_first_run', 'metadata_key_tempo', 'metadata_drums_only', 'metadata_polyphony',
        'metadata_velocities', 'metadata_title_words', 'metadata_lyrics_words', 'metadata_text_words', 'metadata_analyser'];
    standing text;
BEGIN
    DELETE FROM loader.suspended_indexes WHERE schema_name = 'public' AND name = ANY(retired);
    FOR standing IN SELECT name FROM loader.secondary_indexes WHERE schema_name = 'public' AND name = ANY(retired) LOOP
        EXECUTE format('DROP INDEX public.%I', standing);
    END LOOP;
END
$$;

ALTER TABLE files ADD COLUMN md5 bytea CHECK (octet_length(md5) = 16);
COMMENT ON COLUMN files.md5 IS 'MD5 of the content, by which Lakh, MetaMIDI and GigaMIDI name files; null where it was not asked for (--md5).';

ALTER TABLE file_locations
    ADD COLUMN name_bpm    real,
    ADD COLUMN name_key    text,
    ADD COLUMN name_bars   smallint,
    ADD COLUMN name_artist text,
    ADD COLUMN name_title  text;
COMMENT ON COLUMN file_locations.name_bpm IS 'Beats per minute that the name claims; null where it claims none, as the next four.';
COMMENT ON COLUMN file_locations.name_key IS 'Key that the name claims, as C, F#m, Bb.';
COMMENT ON COLUMN file_locations.name_bars IS 'Bars that the name claims.';
COMMENT ON COLUMN file_locations.name_artist IS 'Artist by the name.';
COMMENT ON COLUMN file_locations.name_title IS 'Title by the name.';

ALTER TABLE musical_metadata
    ADD COLUMN analysis                   text NOT NULL DEFAULT 'basic' CHECK (analysis IN ('basic', 'standard', 'full')),
    ADD COLUMN key                        text,
    ADD COLUMN key_tonic                  smallint,
    ADD COLUMN key_mode                   text,
    ADD COLUMN key_confidence             real,
    ADD COLUMN key_margin                 real,
    ADD COLUMN key_second                 text,
    ADD COLUMN pitch_class_histogram      real[],
    ADD COLUMN pitch_class_entropy        real,
    ADD COLUMN pitch_entropy              real,
    ADD COLUMN scale_consistency          real,
    ADD COLUMN polyphony_rate             real,
    ADD COLUMN melodic_interval_histogram real[],
    ADD COLUMN melodic_interval_mean      real,
    ADD COLUMN ioi_median_beats           real,
    ADD COLUMN groove_consistency         real,
    ADD COLUMN empty_beat_rate            real,
    ADD COLUMN quantized_ratio            real,
    ADD COLUMN nomml                      smallint,
    ADD COLUMN nomml_tracks               smallint[],
    ADD COLUMN is_expressive              boolean,
    ADD COLUMN controllers                smallint[],
    ADD COLUMN devices                    text[],
    ADD COLUMN artist                     text,
    ADD COLUMN lyrics_language            text,
    ADD COLUMN text_raw                   bytea,
    ADD COLUMN note_signature             bigint,
    ADD COLUMN transposed_signature       bigint,
    ADD COLUMN minhash                    integer[],
    ADD COLUMN minhash_bands              integer[],
    ADD COLUMN chords                     text[],
    ADD COLUMN n_loops                    integer,
    ADD COLUMN loop_bars                  real,
    ADD COLUMN words                      tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('simple', left(coalesce(title, ''), 1000)), 'A')
        || setweight(to_tsvector('simple', left(coalesce(lyrics, ''), 65536)), 'B')
        || setweight(to_tsvector('simple', left(coalesce(text, ''), 65536)), 'D')) STORED,
    ADD COLUMN has_lyrics                 boolean GENERATED ALWAYS AS (lyrics IS NOT NULL) STORED,
    ADD COLUMN is_drums_only              boolean GENERATED ALWAYS AS (n_drum_notes > 0 AND n_melodic_notes = 0) STORED;
ALTER TABLE musical_metadata ALTER COLUMN analysis DROP DEFAULT;

COMMENT ON COLUMN musical_metadata.analysis IS 'How much was asked of the analysis: basic, standard or full. What a level leaves out is null.';
COMMENT ON COLUMN musical_metadata.key IS 'The key the melodic notes are most likely in, as C, F#m, Bb; null without a clear one.';
COMMENT ON COLUMN musical_metadata.key_tonic IS 'Tonic of key as a pitch class, 0 (C) to 11 (B).';
COMMENT ON COLUMN musical_metadata.key_mode IS 'Mode of key, major or minor.';
COMMENT ON COLUMN musical_metadata.key_confidence IS 'Correlation of pitch_class_histogram with the profile of key, -1 to 1.';
COMMENT ON COLUMN musical_metadata.key_margin IS 'key_confidence less the correlation of key_second: how clear the case is.';
COMMENT ON COLUMN musical_metadata.key_second IS 'The key that comes next.';
COMMENT ON COLUMN musical_metadata.pitch_class_histogram IS 'Share of each pitch class, C first, in the time that melodic notes sound, in ticks; sums to 1.';
COMMENT ON COLUMN musical_metadata.pitch_class_entropy IS 'Entropy of the pitch classes of the melodic notes, in bits (0 to 3.585).';
COMMENT ON COLUMN musical_metadata.pitch_entropy IS 'Entropy of the pitches of the melodic notes, in bits (0 to 7).';
COMMENT ON COLUMN musical_metadata.scale_consistency IS 'Largest share of the melodic notes that lies in one major (or natural minor) scale, 0 to 1.';
COMMENT ON COLUMN musical_metadata.polyphony_rate IS 'Share of the time until the last note ends in which two or more melodic notes sound, 0 to 1.';
COMMENT ON COLUMN musical_metadata.melodic_interval_histogram IS 'Shares of the melodic intervals of the upper line: unison, 1 to 11 semitones, an octave or more; sums to 1.';
COMMENT ON COLUMN musical_metadata.melodic_interval_mean IS 'Mean size of these intervals in semitones.';
COMMENT ON COLUMN musical_metadata.ioi_median_beats IS 'Median time from one onset of melodic notes to the next, in quarter notes, by steps of 1/24.';
COMMENT ON COLUMN musical_metadata.groove_consistency IS 'How alike the rhythms of neighbouring bars are, 0 to 1.';
COMMENT ON COLUMN musical_metadata.empty_beat_rate IS 'Share of quarter notes until the last note''s end in which no note sounds, 0 to 1; a note counts in the one in which it ends too.';
COMMENT ON COLUMN musical_metadata.quantized_ratio IS 'Share of notes that begin on the grid of sixteenths or sixteenth triplets, to the tick, 0 to 1.';
COMMENT ON COLUMN musical_metadata.nomml IS 'Note onset median metric level, the median over nomml_tracks: 0 quarters, 2 to 10 duple, 1 to 11 triplet subdivisions, 12 off every grid.';
COMMENT ON COLUMN musical_metadata.nomml_tracks IS 'Median metric level of each part (a track''s channel) with notes, in order of track, then channel.';
COMMENT ON COLUMN musical_metadata.is_expressive IS 'Whether it is a performance rather than a score: nomml is 12.';
COMMENT ON COLUMN musical_metadata.controllers IS 'Distinct controllers that are moved, 0-127, ascending.';
COMMENT ON COLUMN musical_metadata.devices IS 'Sound standards that the file switches on by system exclusive messages: gm, gm2, gs, xg.';
COMMENT ON COLUMN musical_metadata.artist IS 'Who made it: the second karaoke @T line; null elsewhere.';
COMMENT ON COLUMN musical_metadata.lyrics_language IS 'What the first karaoke @L line says of the language of the words, in lower case.';
COMMENT ON COLUMN musical_metadata.text_raw IS 'The bytes of all texts, lyrics included, in the order of the file, where text_encoding is a guess; null where it is ascii or utf-8.';
COMMENT ON COLUMN musical_metadata.note_signature IS 'The same for files with the same notes: a hash of the multiset of (onset since the first note in 1/24 quarter notes, drum or not, pitch).';
COMMENT ON COLUMN musical_metadata.transposed_signature IS 'As note_signature with pitches counted from the lowest melodic one: equal for transpositions.';
COMMENT ON COLUMN musical_metadata.minhash IS '32 minima over runs of four notes in the upper line of each part; the share of equal places estimates how alike two files are.';
COMMENT ON COLUMN musical_metadata.minhash_bands IS 'The first fifteen places of minhash folded by threes: files that share one of these are candidates for being almost the same.';
COMMENT ON COLUMN musical_metadata.chords IS 'Chords in order, one for each change, as C, Am, G7, F#dim, Bbmaj7, at most 256; N where too little sounds, not at the ends (full analysis only).';
COMMENT ON COLUMN musical_metadata.n_loops IS 'Loops in the parts: stretches of 4 to 32 quarter notes, from bar line to bar line, after which the part repeats itself for 2 quarter notes and 4 onsets at least; those that begin alike count once (full analysis only).';
COMMENT ON COLUMN musical_metadata.loop_bars IS 'Commonest length of these loops in bars of the main meter, the shorter of two; null without loops (full analysis only).';
COMMENT ON COLUMN musical_metadata.has_lyrics IS 'Whether there are lyrics.';
COMMENT ON COLUMN musical_metadata.is_drums_only IS 'Whether it has drums and nothing else.';
COMMENT ON COLUMN musical_metadata.words IS 'All words of the file for full-text search: title (weight A), lyrics (B), all other text (D).';

-- What was said of these columns too briefly, no longer holds, or was not said at all.
COMMENT ON COLUMN sources.kind IS 'What its content is: midi, zip, 7z, rar, lzh, tar, tar.gz (and bz2, xz, lzma, zst, lz4), gz (and the same), other, or the name of a format that is not supported.';
COMMENT ON COLUMN musical_metadata.smf_format IS 'Format of the file: 0 one track, 1 tracks side by side, 2 patterns one after the other; other words are stored as 1, with a warning.';
COMMENT ON COLUMN musical_metadata.lyrics IS 'The words sung: lyric events (or, in karaoke files without any, the syllables among the text events) joined, track after track.';
COMMENT ON COLUMN musical_metadata.text IS 'All other text of the file, names included, one line each, for searching; with lyrics at most 64 KiB as stored in the file.';

COMMENT ON COLUMN runs.id IS 'Number of the run, ascending.';
COMMENT ON TABLE runs IS 'One row per import or re-analysis, from its first line to its report.';
COMMENT ON COLUMN runs.mode IS 'normal, fast or ludicrous, as the import was started; analyze for a re-analysis.';
COMMENT ON COLUMN runs.version IS 'Version of the program.';
COMMENT ON COLUMN runs.host IS 'Name of the machine that ran it.';
COMMENT ON COLUMN runs.started_at IS 'Start, server clock.';
COMMENT ON COLUMN runs.finished_at IS 'End, server clock; null while it runs and after a kill.';
COMMENT ON COLUMN runs.inserted IS 'Contents this run stored first; null until the end, as the other counts.';
COMMENT ON COLUMN runs.duplicate IS 'Places whose content was there before.';
COMMENT ON COLUMN runs.unchanged IS 'Items skipped because an earlier run had done them.';
COMMENT ON COLUMN runs.rejected IS 'Items refused, one row in rejects each.';
COMMENT ON COLUMN runs.not_midi IS 'Items that neither are MIDI nor say so.';
COMMENT ON COLUMN sources.first_run_id IS 'The run that met it first.';
COMMENT ON COLUMN sources.is_active IS 'Whether the last look found it on disk.';
COMMENT ON COLUMN files.size_bytes IS 'Length of the content in bytes.';
COMMENT ON COLUMN files.is_active IS 'Whether any of its places is active.';
COMMENT ON COLUMN file_locations.source_id IS 'The source it lies in.';
COMMENT ON COLUMN file_locations.file_id IS 'The content found there.';
COMMENT ON COLUMN file_locations.run_id IS 'The run that found it there.';
COMMENT ON COLUMN file_locations.is_active IS 'Whether the last look found it there.';
COMMENT ON COLUMN rejects.source_id IS 'The source it lies in.';
COMMENT ON COLUMN rejects.run_id IS 'The run that refused it.';
COMMENT ON COLUMN rejects.entry_path IS 'As in file_locations; null also for the source as a whole.';
COMMENT ON COLUMN rejects.entry_path_raw IS 'As in file_locations.';
COMMENT ON COLUMN loader.suspended_indexes.name IS 'Its name, without the schema.';
COMMENT ON COLUMN loader.suspended_indexes.schema_name IS 'The schema of table and index.';
COMMENT ON COLUMN loader.suspended_indexes.table_name IS 'The table it belongs to, without the schema.';
COMMENT ON COLUMN loader.suspended_indexes.comment IS 'Its comment, null without one.';
