"""The tables that all pipelines fill, and their rows: what loader's basic analysis finds, as far as the libraries go.

Tables have primary keys and no other index, which is less than loader makes. Digests are BLAKE3, so that what is stored
can be compared with what is there.
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
