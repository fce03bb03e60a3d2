"""The tables that all pipelines fill, and their rows: what loader's basic analysis finds, as far as the libraries go.

Tables have primary keys; with --indexes a pipeline ends with those of loader's indexes that its columns permit, and
statistics. Digests are BLAKE3, so that what is stored can be compared with what is there.
"""

import blake3
import psycopg

SCHEMA = """
CREATE TABLE files (
    digest bytea PRIMARY KEY,
    size_bytes integer NOT NULL
);
CREATE TABLE file_locations (
    archive text NOT NULL,
    entry_path text NOT NULL,
    digest bytea NOT NULL,
    PRIMARY KEY (archive, entry_path)
);
CREATE TABLE musical_metadata (
    digest bytea PRIMARY KEY,
    division integer, n_tracks integer, n_notes integer, n_drum_notes integer,
    duration_ticks bigint, duration_sec double precision,
    tempo_first real, tempo_min real, tempo_max real, n_tempo_changes integer,
    time_signature_first text, n_time_signature_changes integer, key_declared text,
    programs smallint[], pitch_min smallint, pitch_max smallint,
    velocity_mean real, velocity_min smallint, velocity_max smallint, note_ticks_mean real,
    notes_per_sec real, has_sustain boolean, has_pitch_bend boolean,
    track_names text[], lyrics text
);
"""

# Of loader's 39 indexes those that these columns can have.
INDEXES = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX ON files (size_bytes);
CREATE INDEX ON file_locations (digest);
CREATE INDEX ON file_locations USING gin (entry_path gin_trgm_ops);
CREATE INDEX ON file_locations (left(entry_path, 512) COLLATE "C");
CREATE INDEX ON musical_metadata (duration_sec);
CREATE INDEX ON musical_metadata (tempo_first);
CREATE INDEX ON musical_metadata (n_tempo_changes);
CREATE INDEX ON musical_metadata (key_declared, tempo_first);
CREATE INDEX ON musical_metadata (time_signature_first, tempo_first);
CREATE INDEX ON musical_metadata USING gin (programs);
CREATE INDEX ON musical_metadata (tempo_first) WHERE n_drum_notes > 0;
CREATE INDEX ON musical_metadata (pitch_min, pitch_max);
CREATE INDEX ON musical_metadata (n_notes);
CREATE INDEX ON musical_metadata (notes_per_sec);
CREATE INDEX ON musical_metadata USING gin (to_tsvector('simple', coalesce(lyrics, '')));
ANALYZE files, file_locations, musical_metadata;
"""

TABLES = {
    "files": (["digest", "size_bytes"], ["bytea", "int4"]),
    "file_locations": (["archive", "entry_path", "digest"], ["text", "text", "bytea"]),
    "musical_metadata": (
        [
            "digest", "division", "n_tracks", "n_notes", "n_drum_notes", "duration_ticks", "duration_sec",
            "tempo_first", "tempo_min", "tempo_max", "n_tempo_changes", "time_signature_first",
            "n_time_signature_changes", "key_declared", "programs", "pitch_min", "pitch_max", "velocity_mean",
            "velocity_min", "velocity_max", "note_ticks_mean", "notes_per_sec", "has_sustain", "has_pitch_bend",
            "track_names", "lyrics",
        ],
        [
            "bytea", "int4", "int4", "int4", "int4", "int8", "float8", "float4", "float4", "float4", "int4", "text",
            "int4", "text", "int2[]", "int2", "int2", "float4", "int2", "int2", "float4", "float4", "bool", "bool",
            "text[]", "text",
        ],
    ),
}

MIDI_NAMES = (".mid", ".midi", ".kar", ".rmi", ".smf")
MAJOR = ["Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"]
MINOR = ["Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m"]


class Unreadable(Exception):
    """The library does not read a content."""


def is_midi(name, content):
    """Whether a member is one to store: by its name, or by its first bytes."""
    return content[:4] == b"MThd" or name.lower().endswith(MIDI_NAMES)


def digest_of(content):
    return blake3.blake3(content).digest()


def clean(text):
    """PostgreSQL takes no NUL, and no half of a surrogate pair."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def seconds(tempos, end, division):
    """How long it lasts, by the tempo map: (tick, microseconds a quarter) in order of time."""
    total, last, tempo = 0, 0, 500_000
    for tick, following in tempos:
        tick = min(tick, end)
        total += (tick - last) * tempo
        last, tempo = tick, following
    return (total + (end - last) * tempo) / division / 1e6


def create(connection):
    connection.execute(SCHEMA)
    connection.commit()


def index(url):
    """The indexes, one after the other, each by as many workers as the server gives."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '256MB'")
        for statement in filter(str.strip, INDEXES.split(";")):
            connection.execute(statement)


def connect(url):
    """A connection that does not wait for the disk at each commit, as loader's mode fast."""
    connection = psycopg.connect(url)
    connection.execute("SET synchronous_commit = off")
    connection.commit()
    return connection


def copy_rows(cursor, target, table, rows):
    names, types = TABLES[table]
    with cursor.copy(f"COPY {target} ({', '.join(names)}) FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def insert(table):
    names, _ = TABLES[table]
    places = ", ".join(["%s"] * len(names))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places}) ON CONFLICT DO NOTHING"
