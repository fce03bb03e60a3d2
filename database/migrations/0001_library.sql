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

CREATE TABLE loader.suspended_indexes (
    name        text PRIMARY KEY,
    table_name  text NOT NULL,
    definition  text NOT NULL,
    comment     text,
    tablespace  text,
    statistics  jsonb NOT NULL,
    is_clustered boolean NOT NULL,
    size_bytes  bigint NOT NULL,
    run_id      integer NOT NULL,
    suspended_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE loader.suspended_indexes IS 'Indexes dropped for a fast load, as the catalog described them; a row leaves in the transaction that builds its index again.';

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
