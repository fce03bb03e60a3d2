"""A file of the sample: its row, and what each library makes of its bytes, computed once when first asked for."""

import io
import math
import warnings
from functools import cached_property

import muspy
import numpy
import pretty_midi
import symusic

import keys
from measures import GRID, main_meter, bar_length, parts, position
from smf import DRUMS, Events, Note

# A piano roll in ticks takes 128 bytes a tick.
MOST_ROLL_TICKS = 1_500_000


class Incomparable(Exception):
    """What a library cannot be asked about this file, and why."""


class Content:
    """One content and all that is known of it."""

    def __init__(self, row: dict, path: str):
        self.row = row
        self.path = path
        with open(path, "rb") as file:
            self.data = file.read()

    @cached_property
    def events(self) -> Events:
        """By mido."""
        return Events(self.data)

    @property
    def notes(self) -> list[Note]:
        """All notes."""
        return self.events.notes

    @cached_property
    def symusic(self) -> symusic.Score:
        """By symusic, in ticks."""
        return ask("symusic", lambda: symusic.Score.from_midi(self.data))

    @cached_property
    def pretty(self) -> pretty_midi.PrettyMIDI:
        """By pretty_midi."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ask("pretty_midi", lambda: pretty_midi.PrettyMIDI(io.BytesIO(self.data)))

    @cached_property
    def pretty_notes(self) -> list[pretty_midi.Note]:
        """pretty_midi's notes."""
        return [note for instrument in self.pretty.instruments for note in instrument.notes]

    @cached_property
    def ticks(self) -> muspy.Music:
        """muspy's music of all notes, a time step a tick."""
        return self._music(self.events.division, lambda note: (note.start, note.end - note.start))

    @cached_property
    def roll(self) -> muspy.Music:
        """The same, where its piano roll fits into memory."""
        if self.events.last_end > MOST_ROLL_TICKS:
            raise Incomparable(f"longer than {MOST_ROLL_TICKS:,} ticks: muspy's piano roll is too large")
        if not self.events.melodic:
            raise Incomparable("no melodic notes")
        return self.ticks

    @cached_property
    def grid(self) -> muspy.Music:
        """muspy's music of all notes at 24 steps a quarter note."""

        def times(note: Note) -> tuple[int, int]:
            start = position(note.start, self.events.division)
            return start, position(note.end, self.events.division) - start

        return self._music(GRID, times)

    @cached_property
    def bar(self) -> int:
        """Length of a bar of the main meter on the grid."""
        length = bar_length(main_meter(self.events))
        if length.denominator != 1:
            raise Incomparable("a bar of the main meter is no whole number of 1/24 quarter notes")
        return int(length)

    @cached_property
    def ranking(self) -> list[tuple[float, keys.Key]]:
        """Keys by numpy."""
        return keys.ranking(self.events.melodic)

    @cached_property
    def music21(self) -> list[tuple[float, keys.Key]]:
        """Keys by music21 on the notes."""
        if not self.ranking:
            raise Incomparable("no key: music21 names one all the same")
        return keys.by_music21(self.events.melodic, self.events.division)

    @cached_property
    def read_by_music21(self) -> tuple[list[tuple[float, keys.Key]], numpy.ndarray]:
        """Keys and shares of the pitch classes of the file as music21 reads it itself."""
        return ask("music21", lambda: keys.by_music21_reader(self.path))

    def _music(self, resolution: int, times) -> muspy.Music:
        tracks = []
        for part in parts(self.events):
            notes = [(times(note), note) for note in part]
            notes = [muspy.Note(start, note.pitch, length, note.velocity) for (start, length), note in notes]
            tracks.append(muspy.Track(is_drum=part[0].channel == DRUMS, notes=notes))
        if not tracks:
            raise Incomparable("no notes")
        return muspy.Music(resolution=resolution, tracks=tracks)


def ask(library: str, read):
    """What a library reads; that it refuses a file is no disagreement, and is counted."""
    try:
        return read()
    except Exception as refusal:  # Each library has errors of its own, down to IndexError.
        raise Incomparable(f"{library} refuses it") from refusal


def number(value: float) -> float | None:
    """muspy's answer, whose "none" is NaN."""
    return None if math.isnan(value) else float(value)
