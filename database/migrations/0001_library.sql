-- The library: what was imported (runs), from where (sources), what it is (files, musical_metadata), every place it
-- was found (file_locations), and what could not be taken (rejects). Secondary indexes stand in ../indexes.sql.

-- Searching names and texts by parts of words needs the extension pg_trgm, which comes with PostgreSQL's contrib modules.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') THEN
        RAISE EXCEPTION 'the extension pg_trgm is not installed on the server'
            USING ERRCODE = 'feature_not_supported',
                  HINT = 'install PostgreSQL''s contrib modules there (Debian: apt-get install postgresql-contrib)';
    END IF;
    CREATE EXTENSION pg_trgm WITH SCHEMA public;
END
$$;

CREATE TABLE runs (
    id            integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state         text NOT NULL CHECK (state IN ('running', 'finished', 'interrupted', 'failed')),
    mode          text NOT NULL,
    options       jsonb NOT NULL,
    version       text NOT NULL,
    host          text NOT NULL,
    started_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at   timestamptz,
    progress      jsonb,
    seen          bigint,
    inserted      bigint,
    duplicate     bigint,
    unchanged     bigint,
    rejected      bigint,
    not_midi      bigint
);
COMMENT ON TABLE runs IS 'One row per import, from its first line to its report.';
COMMENT ON COLUMN runs.state IS 'running (also after a kill, until the next import notices), finished, interrupted (Ctrl-C), failed';
COMMENT ON COLUMN runs.options IS 'The resolved settings of the run, without secrets.';
COMMENT ON COLUMN runs.heartbeat_at IS 'When progress was last written, server clock.';
COMMENT ON COLUMN runs.progress IS 'Counters and rates while the run works; what loader status prints.';
COMMENT ON COLUMN runs.seen IS 'Items the readers met. At the end: seen = inserted + duplicate + unchanged + rejected + not_midi.';

CREATE TABLE sources (
    id            bigint PRIMARY KEY,
    path          text NOT NULL,
    path_raw      bytea,
    kind          text NOT NULL,
    size_bytes    bigint NOT NULL,
    mtime_ns      bigint NOT NULL,
    state         text NOT NULL CHECK (state IN ('loading', 'complete', 'failed')),
    entries       bigint NOT NULL DEFAULT 0,
    not_midi      bigint NOT NULL DEFAULT 0,
    first_run_id  integer NOT NULL REFERENCES runs,
    is_active     boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE sources IS 'One row per file on disk (archive, bare MIDI file or neither) or stream that an import read.';
COMMENT ON COLUMN sources.id IS 'First 63 bits of the BLAKE3 digest of the path''s bytes.';
COMMENT ON COLUMN sources.path IS 'Absolute path; a stream is named stream:NAME. Bytes that are no UTF-8 are shown as U+FFFD.';
COMMENT ON COLUMN sources.path_raw IS 'The path''s bytes where path cannot hold them; null where path is exact.';
COMMENT ON COLUMN sources.kind IS 'What its content is: midi, zip, tar, tar.gz, tar.zst, gz, zst, other, or the name of a format that is not supported.';
COMMENT ON COLUMN sources.size_bytes IS 'Size on disk in bytes when it was read; -1 for a stream.';
COMMENT ON COLUMN sources.mtime_ns IS 'Modification time, nanoseconds since 1970-01-01 UTC, may be negative; 0 for a stream.';
COMMENT ON COLUMN sources.state IS 'loading until all its rows are committed, then complete; failed: it could not be read to its end and is tried again by the next import.';
COMMENT ON COLUMN sources.entries IS 'Regular files in it at every nesting level, nested archives included; 1 for a bare file.';
COMMENT ON COLUMN sources.not_midi IS 'Entries that neither are MIDI nor say so: clutter, texts, pictures, nested archives as such.';

CREATE TABLE files (
    id            bigint PRIMARY KEY,
    digest        bytea NOT NULL CHECK (octet_length(digest) = 32),
    size_bytes    integer NOT NULL,
    parse_status  text NOT NULL CHECK (parse_status IN ('clean', 'repaired', 'partial')),
    warnings      integer NOT NULL,
    first_run_id  integer NOT NULL REFERENCES runs,
    is_active     boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE files IS 'One row per distinct MIDI content.';
COMMENT ON COLUMN files.id IS 'First 63 bits of digest: its first eight bytes, big-endian, shifted right by one.';
COMMENT ON COLUMN files.digest IS 'BLAKE3-256 of the content.';
COMMENT ON COLUMN files.parse_status IS 'clean: read to its end; repaired: read to its end with something mended; partial: a part could not be read.';
COMMENT ON COLUMN files.warnings IS 'Bit mask of what was found odd, listed in docs/schema.md; 0 = nothing.';
COMMENT ON COLUMN files.first_run_id IS 'The run that stored it first.';

CREATE TABLE file_locations (
    source_id       bigint NOT NULL REFERENCES sources,
    entry_ordinal   bigint NOT NULL,
    file_id         bigint NOT NULL REFERENCES files,
    run_id          integer NOT NULL REFERENCES runs,
    entry_path      text,
    entry_path_raw  bytea,
    name            text NOT NULL,
    extension       text NOT NULL,
    name_encoding   text NOT NULL,
    is_active       boolean NOT NULL DEFAULT true,
    PRIMARY KEY (source_id, entry_ordinal)
);
COMMENT ON TABLE file_locations IS 'One row per place a content was found.';
COMMENT ON COLUMN file_locations.entry_ordinal IS 'Position in reading order: members of the source 0, 1, 2, …; members of what is nested in member n from (n + 1) * 10^9 on; 0 for a bare file.';
COMMENT ON COLUMN file_locations.entry_path IS 'Where in the source, nesting spelled a.zip!/b.tar.gz!/c.mid; null for a bare file.';
COMMENT ON COLUMN file_locations.entry_path_raw IS 'The name''s bytes as stored, where entry_path was decoded from something else than UTF-8.';
COMMENT ON COLUMN file_locations.name IS 'The last part of the path.';
COMMENT ON COLUMN file_locations.extension IS 'What follows the last dot of the name, lower case, at most 16 characters; empty for none.';
COMMENT ON COLUMN file_locations.name_encoding IS 'How the name was decoded: ascii, utf-8, or the name of a legacy encoding (detected where the archive does not say).';

CREATE TABLE musical_metadata (
    file_id                   bigint PRIMARY KEY REFERENCES files ON DELETE CASCADE,
    analyser_version          smallint NOT NULL,
    smf_format                smallint NOT NULL,
    n_tracks                  integer NOT NULL,
    n_tracks_declared         integer NOT NULL,
    division                  integer,
    smpte_fps                 smallint,
    smpte_ticks_per_frame     smallint,
    n_events                  integer NOT NULL,
    duration_sec              double precision NOT NULL,
    duration_ticks            bigint NOT NULL,
    duration_beats            double precision,
    n_bars                    integer,
    first_note_sec            double precision,
    last_note_end_sec         double precision,
    tempo_bpm                 real,
    tempo_first               real,
    tempo_min                 real,
    tempo_max                 real,
    n_tempo_changes           integer NOT NULL,
    tempo_explicit            boolean NOT NULL,
    time_signature_first      text,
    time_signature_main       text,
    time_signatures           text[] NOT NULL,
    n_time_signature_changes  integer NOT NULL,
    key_declared              text,
    n_key_signatures          integer NOT NULL,
    n_notes                   integer NOT NULL,
    n_notes_paired            integer NOT NULL,
    n_melodic_notes           integer NOT NULL,
    n_drum_notes              integer NOT NULL,
    notes_per_sec             real,
    notes_per_beat            real,
    note_length_median_beats  real,
    pitch_min                 smallint,
    pitch_max                 smallint,
    pitch_mean                real,
    n_pitches                 smallint NOT NULL,
    n_pitch_classes           smallint NOT NULL,
    polyphony_max             integer NOT NULL,
    polyphony_mean            real,
    velocity_min              smallint,
    velocity_max              smallint,
    velocity_mean             real,
    velocity_std              real,
    n_distinct_velocities     smallint NOT NULL,
    channels                  smallint[] NOT NULL,
    programs                  smallint[] NOT NULL,
    instruments               smallint[] NOT NULL,
    families                  smallint[] NOT NULL,
    drum_keys                 smallint[] NOT NULL,
    has_drums                 boolean NOT NULL,
    has_pitch_bend            boolean NOT NULL,
    has_sustain               boolean NOT NULL,
    title                     text,
    copyright                 text,
    track_names               text[] NOT NULL,
    instrument_names          text[] NOT NULL,
    markers                   text[] NOT NULL,
    lyrics                    text,
    is_karaoke                boolean NOT NULL,
    text                      text,
    text_encoding             text
);
COMMENT ON TABLE musical_metadata IS 'What the music of each file says; one row per file. Meaning, unit and source of each column: docs/schema.md.';
COMMENT ON COLUMN musical_metadata.file_id IS 'The content this is about: files.id.';
COMMENT ON COLUMN musical_metadata.analyser_version IS 'The version of the analysis that found this, a number that grows with each change of meaning.';
COMMENT ON COLUMN musical_metadata.smf_format IS 'Format word of the header (0, 1 or 2).';
COMMENT ON COLUMN musical_metadata.n_tracks IS 'Track chunks that were read.';
COMMENT ON COLUMN musical_metadata.n_tracks_declared IS 'Track count the header declares.';
COMMENT ON COLUMN musical_metadata.division IS 'Ticks per quarter note; null where the file counts SMPTE time.';
COMMENT ON COLUMN musical_metadata.smpte_fps IS 'SMPTE frames per second (24, 25, 29 for 30 drop-frame, 30); null for metrical time.';
COMMENT ON COLUMN musical_metadata.smpte_ticks_per_frame IS 'Ticks per SMPTE frame; null for metrical time.';
COMMENT ON COLUMN musical_metadata.n_events IS 'Events in all tracks, end-of-track events included.';
COMMENT ON COLUMN musical_metadata.duration_sec IS 'Seconds from tick 0 to the last event of any track, through the tempo map.';
COMMENT ON COLUMN musical_metadata.duration_ticks IS 'Tick of the last event of any track.';
COMMENT ON COLUMN musical_metadata.duration_beats IS 'duration_ticks / division; null for SMPTE time.';
COMMENT ON COLUMN musical_metadata.n_bars IS 'Bars begun until the last event, by the time-signature map (4/4 until one is given); null for SMPTE time.';
COMMENT ON COLUMN musical_metadata.first_note_sec IS 'Onset of the first note in seconds; null without notes.';
COMMENT ON COLUMN musical_metadata.last_note_end_sec IS 'End of the last note in seconds; null without notes.';
COMMENT ON COLUMN musical_metadata.tempo_bpm IS 'Mean tempo over the duration, in quarter notes per minute: beats / minutes; null for SMPTE time.';
COMMENT ON COLUMN musical_metadata.tempo_first IS 'The first tempo event by tick, then track (120 where there is none), quarter notes per minute.';
COMMENT ON COLUMN musical_metadata.tempo_min IS 'Slowest tempo in force for any time before the last event.';
COMMENT ON COLUMN musical_metadata.tempo_max IS 'Fastest tempo in force for any time before the last event.';
COMMENT ON COLUMN musical_metadata.n_tempo_changes IS 'Times the tempo takes another value after tick 0.';
COMMENT ON COLUMN musical_metadata.tempo_explicit IS 'Whether any tempo event is there.';
COMMENT ON COLUMN musical_metadata.time_signature_first IS 'The first meter event, as 6/8; null without one.';
COMMENT ON COLUMN musical_metadata.time_signature_main IS 'The meter in force for the most ticks, as 6/8; 4/4 without one.';
COMMENT ON COLUMN musical_metadata.time_signatures IS 'Distinct meters in order of appearance.';
COMMENT ON COLUMN musical_metadata.n_time_signature_changes IS 'Times the meter takes another value after the first meter event.';
COMMENT ON COLUMN musical_metadata.key_declared IS 'The first key-signature event as C, F#m, Bb; null without a valid one.';
COMMENT ON COLUMN musical_metadata.n_key_signatures IS 'Key-signature events.';
COMMENT ON COLUMN musical_metadata.n_notes IS 'Note-on events with a velocity above 0.';
COMMENT ON COLUMN musical_metadata.n_notes_paired IS 'Notes among them that are closed by a note-off on the same track, channel and pitch.';
COMMENT ON COLUMN musical_metadata.n_melodic_notes IS 'Notes outside channel 10.';
COMMENT ON COLUMN musical_metadata.n_drum_notes IS 'Notes on channel 10.';
COMMENT ON COLUMN musical_metadata.notes_per_sec IS 'n_notes / duration_sec; null for a duration of 0.';
COMMENT ON COLUMN musical_metadata.notes_per_beat IS 'n_notes / duration_beats; null for a duration of 0 or SMPTE time.';
COMMENT ON COLUMN musical_metadata.note_length_median_beats IS 'Median length of melodic notes in quarter notes; null without or for SMPTE time.';
COMMENT ON COLUMN musical_metadata.pitch_min IS 'Lowest melodic pitch (0-127).';
COMMENT ON COLUMN musical_metadata.pitch_max IS 'Highest melodic pitch (0-127).';
COMMENT ON COLUMN musical_metadata.pitch_mean IS 'Mean melodic pitch, each note counted once.';
COMMENT ON COLUMN musical_metadata.n_pitches IS 'Distinct melodic pitches.';
COMMENT ON COLUMN musical_metadata.n_pitch_classes IS 'Distinct melodic pitch classes (0-12).';
COMMENT ON COLUMN musical_metadata.polyphony_max IS 'Most melodic notes sounding at one instant.';
COMMENT ON COLUMN musical_metadata.polyphony_mean IS 'Mean number of melodic notes sounding, over the time in which at least one does, in ticks.';
COMMENT ON COLUMN musical_metadata.velocity_min IS 'Softest note-on velocity (1-127).';
COMMENT ON COLUMN musical_metadata.velocity_max IS 'Loudest note-on velocity (1-127).';
COMMENT ON COLUMN musical_metadata.velocity_mean IS 'Mean note-on velocity.';
COMMENT ON COLUMN musical_metadata.velocity_std IS 'Standard deviation of note-on velocities (population).';
COMMENT ON COLUMN musical_metadata.n_distinct_velocities IS 'Distinct note-on velocities.';
COMMENT ON COLUMN musical_metadata.channels IS 'Channels with notes, 1-16, ascending.';
COMMENT ON COLUMN musical_metadata.programs IS 'Distinct program-change numbers in the file, 0-127, ascending, on any channel.';
COMMENT ON COLUMN musical_metadata.instruments IS 'Distinct programs in force when a melodic note starts (0 where none was chosen), 0-127, ascending.';
COMMENT ON COLUMN musical_metadata.families IS 'General MIDI families of instruments, 0-15 (program / 8), ascending.';
COMMENT ON COLUMN musical_metadata.drum_keys IS 'Distinct keys played on channel 10, ascending.';
COMMENT ON COLUMN musical_metadata.has_drums IS 'Whether channel 10 has notes.';
COMMENT ON COLUMN musical_metadata.has_pitch_bend IS 'Whether any pitch-bend event is there.';
COMMENT ON COLUMN musical_metadata.has_sustain IS 'Whether the sustain pedal (controller 64) is pressed (value of 64 or more).';
COMMENT ON COLUMN musical_metadata.title IS 'Name of the piece: the first karaoke @T line, else the name of the first track.';
COMMENT ON COLUMN musical_metadata.copyright IS 'The first copyright event.';
COMMENT ON COLUMN musical_metadata.track_names IS 'Name of each track that has one, in track order.';
COMMENT ON COLUMN musical_metadata.instrument_names IS 'Distinct instrument-name events in order of appearance.';
COMMENT ON COLUMN musical_metadata.markers IS 'Marker and cue-point texts in order of time.';
COMMENT ON COLUMN musical_metadata.lyrics IS 'Lyric events joined in order of time.';
COMMENT ON COLUMN musical_metadata.is_karaoke IS 'Whether it has lyrics, or karaoke text events (@K, @T, @L).';
COMMENT ON COLUMN musical_metadata.text IS 'All text of the file, one event a line, for searching.';
COMMENT ON COLUMN musical_metadata.text_encoding IS 'How text was decoded: ascii, utf-8 or a legacy encoding that was detected; null without text.';

CREATE TABLE rejects (
    source_id       bigint NOT NULL REFERENCES sources,
    entry_ordinal   bigint NOT NULL,
    run_id          integer NOT NULL REFERENCES runs,
    entry_path      text,
    entry_path_raw  bytea,
    stage           text NOT NULL,
    reason          text NOT NULL,
    detail          text NOT NULL,
    PRIMARY KEY (source_id, entry_ordinal)
);
COMMENT ON TABLE rejects IS 'One row per source, archive or entry that was refused.';
COMMENT ON COLUMN rejects.entry_ordinal IS 'As in file_locations; -1 for what concerns the source as a whole.';
COMMENT ON COLUMN rejects.stage IS 'Where it was refused: open, read, name, midi, database.';
COMMENT ON COLUMN rejects.reason IS 'A stable code, listed in docs/rejects.md.';
COMMENT ON COLUMN rejects.detail IS 'What was expected and what was found, in a sentence.';

-- Every index of the four tables that a load writes, as it would have to be made again. Definitions name a schema wherever
-- search_path does not: read it with an empty search_path to have them complete and comparable.
CREATE VIEW loader.secondary_indexes AS
SELECT n.nspname                     AS schema_name,
       t.relname                     AS table_name,
       c.relname                     AS name,
       pg_get_indexdef(i.indexrelid) AS definition,
       obj_description(i.indexrelid, 'pg_class') AS comment,
       s.spcname                     AS tablespace,
       (SELECT coalesce(jsonb_object_agg(a.attnum, a.attstattarget), '{}')
          FROM pg_attribute a
         WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0) AS statistics,
       i.indisclustered              AS is_clustered,
       pg_relation_size(i.indexrelid) AS size_bytes,
       i.indisvalid                  AS is_valid,
       i.indisvalid AND i.indisready AND NOT i.indisreplident AND c.relkind = 'i' AND NOT c.relispartition
       AND NOT EXISTS (SELECT FROM pg_depend d
                        WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.deptype IN ('e', 'i', 'x'))
       AND NOT EXISTS (SELECT FROM pg_depend d
                        WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indexrelid) AS is_suspendable
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
 WHERE i.indrelid IN ('files'::regclass, 'file_locations'::regclass, 'sources'::regclass, 'musical_metadata'::regclass)
   AND NOT i.indisunique AND NOT i.indisexclusion
   AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'));
COMMENT ON VIEW loader.secondary_indexes IS 'The indexes of files, file_locations, sources and musical_metadata that serve no constraint, a user''s own included.';
COMMENT ON COLUMN loader.secondary_indexes.is_suspendable IS 'Whether a load may drop it and build it again; not where it is invalid, marks the replica identity, or something depends on it.';

CREATE TABLE loader.suspended_indexes (
    name         text PRIMARY KEY,
    schema_name  text NOT NULL,
    table_name   text NOT NULL,
    definition   text NOT NULL,
    comment      text,
    tablespace   text,
    statistics   jsonb NOT NULL,
    is_clustered boolean NOT NULL,
    size_bytes   bigint NOT NULL,
    run_id       integer NOT NULL,
    suspended_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE loader.suspended_indexes IS 'Indexes dropped for a fast load, as the catalog described them; a row leaves in the transaction that builds its index again.';
COMMENT ON COLUMN loader.suspended_indexes.definition IS 'The complete CREATE INDEX, every name with its schema.';
COMMENT ON COLUMN loader.suspended_indexes.tablespace IS 'Where it lay; null for the database''s own tablespace.';
COMMENT ON COLUMN loader.suspended_indexes.statistics IS 'Statistics targets set by hand, by column number.';
COMMENT ON COLUMN loader.suspended_indexes.is_clustered IS 'Whether CLUSTER used it last.';
COMMENT ON COLUMN loader.suspended_indexes.size_bytes IS 'Size when it was dropped.';
COMMENT ON COLUMN loader.suspended_indexes.run_id IS 'The run that dropped it, 0 where it was done by hand.';
COMMENT ON COLUMN loader.suspended_indexes.suspended_at IS 'Start of the transaction that dropped it, server clock.';

-- What each content is called in listings: its first place by source path and reading order.
CREATE VIEW file_names AS
SELECT DISTINCT ON (l.file_id)
       l.file_id,
       l.name,
       CASE WHEN l.entry_path IS NULL THEN s.path ELSE s.path || '!/' || l.entry_path END AS path
  FROM file_locations l
  JOIN sources s ON s.id = l.source_id
 WHERE l.is_active
 ORDER BY l.file_id, s.path COLLATE "C", s.id, l.entry_ordinal;
COMMENT ON VIEW file_names IS 'Name and full path of each content: its lowest (source path, ordinal).';
