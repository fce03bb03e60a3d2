"""What mido reads of a file, as plain lists: notes, tempos, meters, programs, texts.

Pairs notes as `n_notes_paired` says: a note-off ends the oldest note of its track, channel and pitch; what is never
ended ends with its track. The patterns of format 2 follow one another. Shares no code with the loader.
"""

import io
from collections import defaultdict, deque
from typing import NamedTuple

import mido

DRUMS = 9


class Note(NamedTuple):
    """A note; times in ticks, channel from 0."""

    start: int
    end: int
    track: int
    channel: int
    pitch: int
    velocity: int
    is_closed: bool


class Text(NamedTuple):
    """A text event, its bytes as Latin-1; its kind as mido calls it, `other` for those that mido has no name for."""

    tick: int
    track: int
    kind: str
    text: str


class Events:
    """All that the checks ask of a file. Raises what mido raises for a file that it refuses."""

    def __init__(self, data: bytes):
        self.file = mido.MidiFile(file=io.BytesIO(data), charset="latin1")
        self.division = self.file.ticks_per_beat
        self.format = self.file.type
        self.notes: list[Note] = []
        self.tempos: list[tuple[int, int, int]] = []  # tick, track, microseconds per quarter note
        self.meters: list[tuple[int, int, tuple[int, int]]] = []  # tick, track, (numerator, denominator)
        self.keys: list[tuple[int, int, str]] = []
        self.chosen: list[tuple[int, int, int, int, int]] = []  # tick, track, place in it, channel, program
        self.starts: list[tuple[int, int, int, int]] = []  # tick, track, place in it, channel of each note
        self.controls: set[tuple[int, int]] = set()  # controller, value
        self.exclusive: list[bytes] = []
        self.texts: list[Text] = []
        self.has_pitch_bend = False
        self.last_tick = 0
        self.count = 0
        begin = 0
        for index, track in enumerate(self.file.tracks):
            end = self._read(index, track, begin)
            self.last_tick = max(self.last_tick, end)
            if self.format == 2:
                begin = end
        for events in (self.tempos, self.meters, self.keys):
            events.sort(key=lambda event: event[:2])
        self.melodic = [note for note in self.notes if note.channel != DRUMS]
        self.last_end = max((note.end for note in self.notes), default=0)

    def _read(self, index: int, track: mido.MidiTrack, tick: int) -> int:
        sounding: dict[tuple[int, int], deque[tuple[int, int]]] = defaultdict(deque)
        for place, event in enumerate(track):
            tick += event.time
            self.count += 1
            kind = event.type
            if kind == "note_on" and event.velocity > 0:
                sounding[event.channel, event.note].append((tick, event.velocity))
                self.starts.append((tick, index, place, event.channel))
            elif kind in ("note_on", "note_off"):
                waiting = sounding[event.channel, event.note]
                if waiting:
                    start, velocity = waiting.popleft()
                    self.notes.append(Note(start, tick, index, event.channel, event.note, velocity, True))
            else:
                self._note_other(tick, index, place, event)
        for (channel, pitch), waiting in sounding.items():
            for start, velocity in waiting:
                self.notes.append(Note(start, tick, index, channel, pitch, velocity, False))
        return tick

    def _note_other(self, tick: int, index: int, place: int, event: mido.Message) -> None:
        match event.type:
            case "program_change":
                self.chosen.append((tick, index, place, event.channel, event.program))
            case "control_change":
                self.controls.add((event.control, event.value))
            case "pitchwheel":
                self.has_pitch_bend = True
            case "sysex":
                self.exclusive.append(bytes(event.data))
            case "set_tempo":
                if event.tempo > 0:
                    self.tempos.append((tick, index, event.tempo))
            case "time_signature":
                if event.numerator > 0 and event.denominator <= 128:
                    self.meters.append((tick, index, (event.numerator, event.denominator)))
            case "key_signature":
                self.keys.append((tick, index, event.key))
            case "text" | "copyright" | "lyrics" | "marker" | "cue_marker":
                self.texts.append(Text(tick, index, event.type, event.text))
            case "unknown_meta" if 1 <= event.type_byte <= 15:
                self.texts.append(Text(tick, index, "other", bytes(event.data).decode("latin-1")))
            case "track_name" | "instrument_name" | "device_name":
                self.texts.append(Text(tick, index, event.type, event.name))


def steps(events: list[tuple[int, int, object]], default: object) -> list[tuple[int, object]]:
    """What is in force from which tick: the last event of a tick counts, repetitions do not."""
    latest: dict[int, object] = {0: default}
    for tick, _, value in events:
        latest[tick] = value
    found: list[tuple[int, object]] = []
    for tick in sorted(latest):
        if not found or found[-1][1] != latest[tick]:
            found.append((tick, latest[tick]))
    return found


def seconds(events: Events, tick: int) -> float:
    """Seconds from tick 0 to `tick`, by integers until the last division."""
    tempos = steps(events.tempos, 500_000)
    ends = [start for start, _ in tempos[1:]] + [tick]
    sum_ = sum(max(0, min(end, tick) - start) * tempo for (start, tempo), end in zip(tempos, ends))
    return sum_ / (events.division * 1_000_000)
