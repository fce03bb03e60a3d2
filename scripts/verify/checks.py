"""Every check: which column, against which computation, within which tolerance, and how often it has to agree.

Floors stand where a library's rule differs from the column's definition; the causes beside them say how, and a difference
without a cause fails whatever the floor.
"""

import keys
import measures
from checks_music import FORMAT_2, MUSIC
from checks_text import TEXTS
from compare import EXACT, Cause, Check, within
from content import Content, Incomparable
from smf import DRUMS, seconds, steps


def _sounds(content: Content):
    score = content.symusic.to("second")
    return max((note.end for track in score.tracks for note in track.notes), default=None)


def _pretty_tempos(content: Content) -> int:
    times, _ = content.pretty.get_tempo_changes()
    return sum(time > 0 for time in times)


def _pretty_first_tempo(content: Content) -> float:
    return float(content.pretty.get_tempo_changes()[1][0])


def _foreign(kind: str):
    """Whether such events stand on other tracks than the first, where pretty_midi does not look."""
    return lambda content: any(track > 0 for _, track, *_ in getattr(content.events, kind))


def _doubled(content: Content) -> bool:
    """Whether a note begins while one of its track, channel and pitch sounds."""
    ends: dict[tuple[int, int, int], int] = {}
    for note in sorted(content.notes):
        part = (note.track, note.channel, note.pitch)
        if note.start < ends.get(part, 0):
            return True
        ends[part] = max(note.end, ends.get(part, 0))
    return False


def _program_elsewhere(content: Content) -> bool:
    """Whether a program is chosen on another track than that of a note on its channel."""
    sounding = {(note.track, note.channel) for note in content.events.melodic}
    return any((track, channel) not in sounding or _shared(content, channel) for _, track, _, channel, _ in content.events.chosen)


def _shared(content: Content, channel: int) -> bool:
    return len({note.track for note in content.events.melodic if note.channel == channel}) > 1


def _program_amid(content: Content) -> bool:
    """Whether a program is chosen while a note of its channel and track sounds, or at its end."""
    changes = [(track, channel, tick) for tick, track, _, channel, _ in content.events.chosen]
    return any(
        (note.track, note.channel) == change[:2] and note.start <= change[2] <= note.end
        for note in content.events.melodic
        for change in changes
    )


def _two_tempos(content: Content) -> bool:
    ticks = [tick for tick, *_ in content.events.tempos]
    return len(set(ticks)) < len(ticks)


def _bars_until_kept(content: Content) -> bool:
    """Whether only the end differs: pretty_midi's is that of its last note, controller, bend or text."""
    end = content.pretty.time_to_tick(content.pretty.get_end_time())
    return measures.bars(content.events, end) == _downbeats(content)


UNCLOSED = Cause("a note is never closed; the library drops it", lambda c: any(not n.is_closed for n in c.notes))
EMPTY = Cause("a note begins and ends at one tick; the library drops it", lambda c: any(n.start == n.end for n in c.notes))
DOUBLED = Cause("overlapping notes of one pitch: the library's first note-off ends all of them", _doubled)
TEMPOS = Cause("tempo events outside the first track, where pretty_midi does not look", _foreign("tempos"))
METERS = Cause("meters outside the first track, where pretty_midi does not look", _foreign("meters"))
LATE_TEMPO = Cause("the first tempo event comes after tick 0: pretty_midi begins with 120", lambda c: c.events.tempos[0][0] > 0)
TWO_TEMPOS = Cause(
    "two tempo events at one tick: pretty_midi takes the last at tick 0 and counts both elsewhere, symusic takes the first",
    _two_tempos,
)
EARLY_END = Cause("the last event is none that pretty_midi keeps; bars until the last that it keeps agree", _bars_until_kept)
PROGRAM_AMID = Cause("a program is chosen while a note sounds: pretty_midi takes the program at its end", _program_amid)
PROGRAM_ELSEWHERE = Cause("the program is chosen on another track: the library looks on the note's own", _program_elsewhere)


def _pretty_instruments(content: Content) -> list[int]:
    return sorted({int(i.program) for i in content.pretty.instruments if not i.is_drum and i.notes})


def _symusic_instruments(content: Content) -> list[int]:
    return sorted({track.program for track in content.symusic.tracks if not track.is_drum and track.notes})


def _tempo_list(content: Content) -> list[tuple[int, int]]:
    return steps(content.events.tempos, 500_000)


def _tempo_mean(content: Content) -> float | None:
    beats, length = content.events.last_tick / content.events.division, seconds(content.events, content.events.last_tick)
    return beats * 60 / length if length else 60e6 / _tempo_list(content)[0][1]


def _tempos_in_force(content: Content) -> list[float]:
    return [60e6 / tempo for tick, tempo in _tempo_list(content) if tick == 0 or tick < content.events.last_tick]


def _first_tempo(content: Content) -> float:
    return 60e6 / content.events.tempos[0][2] if content.events.tempos else 120.0


def _meter_names(content: Content) -> list[str]:
    meters = steps(content.events.meters, None)
    return list(dict.fromkeys(f"{meter[0]}/{meter[1]}" for _, meter in meters if meter))


def _meter_changes(content: Content) -> int:
    return max(0, sum(meter is not None for _, meter in steps(content.events.meters, None)) - 1)


def _mido_length(content: Content) -> float:
    if content.events.format == 2:
        raise Incomparable("mido has no length for format 2")
    return content.events.file.length


def _pretty_last_end(content: Content) -> float | None:
    return max((note.end for note in content.pretty_notes), default=None)


def _first_note(content: Content) -> float | None:
    return seconds(content.events, min(note.start for note in content.notes)) if content.notes else None


def _last_end(content: Content) -> float | None:
    return seconds(content.events, content.events.last_end) if content.notes else None


def _downbeats(content: Content) -> int:
    """pretty_midi's downbeats before the last event; it goes on beyond it by itself."""
    if any(top % 3 == 0 and top != 3 for _, _, (top, _) in content.events.meters):
        raise Incomparable("compound meters: pretty_midi counts dotted beats")
    end = seconds(content.events, content.events.last_tick)
    return sum(beat < end - 1e-6 for beat in content.pretty.get_downbeats())


MICROSECONDS = within(2e-6, 1e-9)
# symusic and music21 count in single precision and in fractions of at most 16 bits.
SINGLE = within(1e-3, 1e-6)

COUNTS = [
    Check("n_notes", "mido", lambda c: len(c.notes), EXACT),
    Check("n_notes", "pretty_midi", lambda c: len(c.pretty_notes), EXACT, 0.95, (UNCLOSED, EMPTY, DOUBLED)),
    Check("n_notes", "symusic", lambda c: sum(len(t.notes) for t in c.symusic.tracks), EXACT, 0.95, (UNCLOSED,)),
    Check("n_notes_paired", "symusic", lambda c: sum(len(t.notes) for t in c.symusic.tracks), EXACT),
    Check("n_melodic_notes", "mido", lambda c: len(c.events.melodic), EXACT),
    Check("n_drum_notes", "mido", lambda c: len(c.notes) - len(c.events.melodic), EXACT),
    Check("n_events", "mido", lambda c: c.events.count, EXACT),
    Check("channels", "mido", lambda c: sorted({n.channel + 1 for n in c.notes}), EXACT),
    Check("drum_keys", "mido", lambda c: sorted({n.pitch for n in c.notes if n.channel == DRUMS}), EXACT),
]

TIMES = [
    Check("duration_sec", "mido `length`", _mido_length, MICROSECONDS),
    Check("duration_ticks", "mido", lambda c: c.events.last_tick, EXACT),
    Check("first_note_sec", "mido", _first_note, MICROSECONDS),
    Check("last_note_end_sec", "mido", _last_end, MICROSECONDS),
    Check(
        "last_note_end_sec",
        "pretty_midi",
        _pretty_last_end,
        within(1e-5, 1e-9),
        0.9,
        (TEMPOS, UNCLOSED, DOUBLED, EMPTY, FORMAT_2),
    ),
    Check("last_note_end_sec", "symusic", _sounds, SINGLE, 0.95, (UNCLOSED, FORMAT_2, TWO_TEMPOS)),
    Check("tempo_first", "mido", _first_tempo),
    Check("tempo_first", "pretty_midi", _pretty_first_tempo, floor=0.9, causes=(TEMPOS, LATE_TEMPO, TWO_TEMPOS)),
    Check("tempo_bpm", "mido", _tempo_mean),
    Check("tempo_min", "mido", lambda c: min(_tempos_in_force(c))),
    Check("tempo_max", "mido", lambda c: max(_tempos_in_force(c))),
    Check("n_tempo_changes", "mido", lambda c: len(_tempo_list(c)) - 1, EXACT),
    Check("n_tempo_changes", "pretty_midi", _pretty_tempos, EXACT, 0.9, (TEMPOS, TWO_TEMPOS)),
    Check("n_bars", "mido", lambda c: measures.bars(c.events, c.events.last_tick), EXACT),
    Check("n_bars", "pretty_midi `get_downbeats`", _downbeats, EXACT, 0.75, (METERS, TEMPOS, FORMAT_2, EARLY_END)),
    Check("time_signature_main", "mido", lambda c: "{}/{}".format(*measures.main_meter(c.events)), EXACT),
    Check("time_signatures", "mido", _meter_names, EXACT),
    Check("n_time_signature_changes", "mido", _meter_changes, EXACT),
]

PROGRAMS = [
    Check("programs", "mido", lambda c: sorted({program for *_, program in c.events.chosen}), EXACT),
    Check("instruments", "mido", lambda c: measures.instruments(c.events), EXACT),
    Check(
        "instruments", "pretty_midi", _pretty_instruments, EXACT, 0.9, (PROGRAM_ELSEWHERE, PROGRAM_AMID, UNCLOSED, EMPTY)
    ),
    Check("instruments", "symusic", _symusic_instruments, EXACT, 0.9, (PROGRAM_ELSEWHERE, UNCLOSED)),
    Check("families", "mido", lambda c: sorted({program // 8 for program in measures.instruments(c.events)}), EXACT),
]


def _named(column: str):
    return lambda row: keys.parse(row.get(column))


def _key(at: int):
    return lambda content: content.ranking[at][1] if content.ranking else None


def _key21(at: int):
    return lambda content: content.music21[at][1]


def _reader_key(content: Content) -> keys.Key:
    if not content.ranking:
        raise Incomparable("no key: music21 names one all the same")
    return content.read_by_music21[0][0][1]


def _reads_otherwise(content: Content) -> bool:
    """Whether music21 read other shares of the pitch classes than the file's notes have."""
    ticks = measures.pitch_class_ticks(content.events.melodic)
    return bool(abs(content.read_by_music21[1] - ticks / ticks.sum()).max() > 0.005)


def _close(at: int) -> Cause:
    """Two keys that correlate equally."""
    return Cause(
        "two keys correlate equally",
        lambda content: content.ranking[at][0] - content.ranking[at + 1][0] < 1e-6,
    )


def _correlation(content: Content) -> float | None:
    return content.ranking[0][0] if content.ranking else None


def _margin(content: Content) -> float | None:
    return content.ranking[0][0] - content.ranking[1][0] if content.ranking else None


READER = Cause("music21 rounds onsets and lengths: the pitch classes weigh otherwise in what it reads", _reads_otherwise)

KEYS = [
    Check("key", "numpy, Pearson", _key(0), EXACT, 0.99, (_close(0),), _named("key")),
    Check("key", "music21 on the notes", _key21(0), EXACT, 0.99, (_close(0),), _named("key")),
    Check("key", "music21, its own reader", _reader_key, EXACT, 0.9, (READER,), _named("key"), (40, 6_000)),
    Check("key_tonic", "numpy, Pearson", lambda c: c.ranking[0][1][0] if c.ranking else None, EXACT, 0.99, (_close(0),)),
    Check("key_mode", "numpy, Pearson", lambda c: c.ranking[0][1][1] if c.ranking else None, EXACT, 0.99, (_close(0),)),
    Check(
        "key_second", "numpy, Pearson", _key(1), EXACT, 0.98, (_close(0), _close(1)), _named("key_second")
    ),
    Check(
        "key_second",
        "music21 on the notes",
        _key21(1),
        EXACT,
        0.98,
        (_close(0), _close(1)),
        _named("key_second"),
    ),
    Check("key_confidence", "numpy, Pearson", _correlation),
    Check("key_confidence", "music21 on the notes", lambda c: c.music21[0][0], within(1e-5)),
    Check("key_margin", "numpy, Pearson", _margin),
]

CHECKS: list[Check] = [*COUNTS, *TIMES, *PROGRAMS, *KEYS, *MUSIC, *TEXTS]
