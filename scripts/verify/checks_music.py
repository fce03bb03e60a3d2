"""The checks of pitches, notes at once, rhythms and performance."""

import statistics

import muspy
import numpy

import measures
from compare import EXACT, REAL, Cause, Check, within
from content import Content, Incomparable, number
from smf import steps


def _mean(values: list[int]) -> float | None:
    return statistics.fmean(values) if values else None


def _pitches(content: Content) -> list[int]:
    return [note.pitch for note in content.events.melodic]


def _velocities(content: Content) -> list[int]:
    return [note.velocity for note in content.notes]


def _ask(measure, music: str):
    """muspy's answer; it has none for music without notes."""
    return lambda content: number(measure(getattr(content, music)))


def _melodic(measure):
    def ask(content: Content):
        if not content.events.melodic:
            raise Incomparable("no melodic notes")
        return measure(content)

    return ask


def _histogram(content: Content) -> list[float] | None:
    ticks = measures.pitch_class_ticks(content.events.melodic)
    return list(ticks / ticks.sum()) if ticks.sum() else None


def _pretty_histogram(content: Content) -> list[float] | None:
    if len(steps(content.events.tempos, 500_000)) > 1:
        raise Incomparable("the tempo changes: pretty_midi weighs by seconds")
    histogram = content.pretty.get_pitch_class_histogram(use_duration=True)
    return list(histogram) if histogram.sum() else None


def _as_pretty_pairs(content: Content) -> bool:
    """Whether pretty_midi's way to end notes gives its histogram exactly."""
    ticks = measures.ticks_to_first_off(content.events)
    return HISTOGRAM.agrees(list(ticks / ticks.sum()), _pretty_histogram(content))


def _as_pitches(place: int, measure):
    """Whether the sweep agrees with muspy once notes of one pitch at once count as one."""
    return lambda content: REAL.agrees(
        measures.sweep(measures.pitch_spans(content.events.melodic), content.events.last_end)[place], measure(content)
    )


def _sweep(place: int):
    return lambda content: measures.sweep(measures.spans(content.events.melodic), content.events.last_end)[place]


_muspy_mean = _ask(muspy.polyphony, "roll")


def _muspy_rate(content: Content) -> float | None:
    return number(muspy.polyphony_rate(content.roll, threshold=1))


HISTOGRAM = within(1e-4)
TWICE = "a pitch sounds twice at once: muspy counts it once, and then agrees"
PAIRING = Cause(
    "pretty_midi ends all overlapping notes of one pitch at the first note-off and drops those never closed; by that rule it agrees",
    _as_pretty_pairs,
)
FORMAT_2 = Cause("format 2: the library lays the patterns over one another", lambda c: c.events.format == 2)


def _groove(content: Content) -> float | None:
    return number(muspy.groove_consistency(content.grid, content.bar))


def _own_groove(content: Content) -> float | None:
    assert content.bar
    return measures.groove_consistency(content.events)


def _published_nomml(content: Content) -> int | None:
    """GigaMIDI's definition as published: symusic's tracks, floating-point periods, the middle of the tracks' medians."""
    medians = []
    for track in content.symusic.tracks:
        levels = [_published_level(note.time, content.symusic.tpq) for note in track.notes]
        if levels:
            medians.append(int(numpy.median(levels)))
    return int(numpy.median(medians)) if medians else None


def _published_level(time: int, tpq: int) -> int:
    for depth in range(6):
        if time % (tpq / 2**depth) == 0:
            return 2 * depth
    for depth in range(6):
        if time % (tpq * 2 / (2**depth * 3)) == 0:
            return 2 * depth + 1
    return 12


def _middle(values: list[int]) -> int | None:
    return int(statistics.median(values)) if values else None


def _splits(content: Content) -> bool:
    """Whether symusic has other parts: programs split them, notes that are never closed are missing."""
    here = sorted(len(part) for part in measures.parts(content.events))
    return here != sorted(len(track.notes) for track in content.symusic.tracks if track.notes)


SPLIT = Cause("symusic parts a channel by its programs, and drops notes that are never closed", _splits)
FLOATS = Cause(
    "the division is no multiple of 96: the published definition loses triplets to floating-point remainders",
    lambda content: content.events.division % 96 != 0,
)

PITCHES = [
    Check("pitch_class_histogram", "numpy", _histogram),
    Check("pitch_class_histogram", "pretty_midi", _pretty_histogram, HISTOGRAM, 0.75, (PAIRING,)),
    Check("pitch_class_entropy", "muspy", _melodic(_ask(muspy.pitch_class_entropy, "ticks"))),
    Check("pitch_entropy", "muspy", _melodic(_ask(muspy.pitch_entropy, "ticks"))),
    Check("pitch_class_entropy", "own", lambda c: measures.entropy([pitch % 12 for pitch in _pitches(c)])),
    Check("pitch_entropy", "own", lambda c: measures.entropy(_pitches(c))),
    Check("scale_consistency", "muspy", _melodic(_ask(muspy.scale_consistency, "ticks"))),
    Check("scale_consistency", "own", lambda c: measures.scale_consistency(c.events.melodic)),
    Check("n_pitches", "muspy", _melodic(lambda c: muspy.n_pitches_used(c.ticks)), EXACT),
    Check("n_pitch_classes", "muspy", _melodic(lambda c: muspy.n_pitch_classes_used(c.ticks)), EXACT),
    Check(
        "pitch_max − pitch_min",
        "muspy",
        _melodic(lambda c: muspy.pitch_range(c.ticks)),
        EXACT,
        found=lambda row: row["pitch_max"] - row["pitch_min"],
    ),
    Check("pitch_min", "mido", lambda c: min(_pitches(c), default=None), EXACT),
    Check("pitch_max", "mido", lambda c: max(_pitches(c), default=None), EXACT),
    Check("pitch_mean", "mido", lambda c: _mean(_pitches(c))),
    Check("note_length_median_beats", "mido", lambda c: measures.length_median(c.events)),
]

AT_ONCE = [
    Check("polyphony_max", "own sweep", _sweep(0), EXACT),
    Check("polyphony_mean", "own sweep", _sweep(1)),
    Check("polyphony_mean", "muspy, in ticks", _muspy_mean, REAL, 0.2, (Cause(TWICE, _as_pitches(1, _muspy_mean)),)),
    Check("polyphony_rate", "own sweep", _sweep(2)),
    Check("polyphony_rate", "muspy, more than 1", _muspy_rate, REAL, 0.4, (Cause(TWICE, _as_pitches(2, _muspy_rate)),)),
    Check("empty_beat_rate", "muspy, in ticks", _ask(muspy.empty_beat_rate, "ticks")),
    Check("empty_beat_rate", "own", lambda c: measures.empty_beat_rate(c.events)),
]

RHYTHM = [
    Check("groove_consistency", "muspy, 24 steps a quarter note", _groove),
    Check("groove_consistency", "own", _own_groove),
    Check("ioi_median_beats", "own", lambda c: measures.ioi_median(c.events)),
    Check("melodic_interval_histogram", "own", lambda c: measures.interval_histogram(measures.melodic_intervals(c.events))),
    Check("melodic_interval_mean", "own", lambda c: _mean(measures.melodic_intervals(c.events))),
    Check("quantized_ratio", "own", lambda c: measures.quantized_ratio(c.events)),
]

PERFORMANCE = [
    Check("nomml_tracks", "own, exact", lambda c: measures.nomml_tracks(c.events)[:256] or None, EXACT),
    Check("nomml", "own, exact", lambda c: _middle(measures.nomml_tracks(c.events)), EXACT),
    Check("nomml", "as GigaMIDI publishes it, on symusic", _published_nomml, EXACT, 0.9, (FORMAT_2, SPLIT, FLOATS)),
    Check(
        "is_expressive",
        "own, exact",
        lambda c: _middle(measures.nomml_tracks(c.events)) == 12 if c.notes else None,
        EXACT,
    ),
    Check("velocity_min", "mido", lambda c: min(_velocities(c), default=None), EXACT),
    Check("velocity_max", "mido", lambda c: max(_velocities(c), default=None), EXACT),
    Check("velocity_mean", "mido", lambda c: _mean(_velocities(c))),
    Check("velocity_std", "numpy", lambda c: float(numpy.std(_velocities(c))) if c.notes else None),
    Check("n_distinct_velocities", "mido", lambda c: len(set(_velocities(c))), EXACT),
    Check("controllers", "mido", lambda c: sorted({controller for controller, _ in c.events.controls}), EXACT),
    Check("has_sustain", "mido", lambda c: any(n == 64 and v >= 64 for n, v in c.events.controls), EXACT),
    Check("has_pitch_bend", "mido", lambda c: c.events.has_pitch_bend, EXACT),
    Check("devices", "mido", lambda c: measures.devices(c.events), EXACT),
]

MUSIC: list[Check] = [*PITCHES, *AT_ONCE, *RHYTHM, *PERFORMANCE]
