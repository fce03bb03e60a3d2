"""Keys by Krumhansl and Schmuckler: with numpy, with music21 on the notes, and with music21's own reader."""

import re

import numpy

from measures import pitch_class_ticks
from smf import Note

# Krumhansl & Kessler (1982), from the tonic up.
PROFILES = {
    "major": [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88],
    "minor": [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17],
}
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}

Key = tuple[int, str]


def parse(name: str | None) -> Key | None:
    """Tonic and mode of a key as the column spells it."""
    found = re.fullmatch(r"([A-G])([#b]?)(m?)", name or "")
    if not found:
        return None
    step, accidental, minor = found.groups()
    return (STEPS[step] + {"": 0, "#": 1, "b": -1}[accidental]) % 12, "minor" if minor else "major"


def ranking(notes: list[Note]) -> list[tuple[float, Key]]:
    """All keys with numpy's Pearson correlation, the likeliest first; empty where all pitch classes weigh the same."""
    ticks = pitch_class_ticks(notes)
    if ticks.min() == ticks.max():
        return []
    found = [
        (float(numpy.corrcoef(ticks, numpy.roll(profile, tonic))[0, 1]), (tonic, mode))
        for mode, profile in PROFILES.items()
        for tonic in range(12)
    ]
    return sorted(found, reverse=True)


def by_music21(notes: list[Note], division: int) -> list[tuple[float, Key]]:
    """music21's ranking of a stream that holds each pitch once, for as long as it sounds in all."""
    from music21 import analysis, note, stream

    ticks: dict[int, int] = {}
    for played in notes:
        ticks[played.pitch] = ticks.get(played.pitch, 0) + played.end - played.start
    line = stream.Stream()
    for pitch, length in sorted(ticks.items()):
        line.append(note.Note(pitch, quarterLength=length / division))
    return _ranked(analysis.discrete.KrumhanslKessler().getSolution(line))


def by_music21_reader(path: str) -> tuple[list[tuple[float, Key]], numpy.ndarray]:
    """music21's ranking of the file as it reads it, percussion left out, and the shares of the pitch classes in that."""
    from music21 import analysis, converter, note

    score = converter.parse(path, format="midi", forceSource=True)
    lengths = numpy.zeros(12)
    for played in score.flatten().notes.getElementsNotOfClass(note.Unpitched):
        for pitch in played.pitches:
            lengths[pitch.pitchClass] += float(played.quarterLength)
    return _ranked(analysis.discrete.KrumhanslKessler().getSolution(score)), lengths / lengths.sum()


def _ranked(best) -> list[tuple[float, Key]]:
    keys = [best, *best.alternateInterpretations]
    return [(key.correlationCoefficient, (key.tonic.pitchClass, key.mode)) for key in keys]
