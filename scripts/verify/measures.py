"""The columns computed again from mido's events, by the words of their definitions.

Beats are quarter notes. The grid is 1/24 of a quarter note: a tick's position is its beat times 24 plus its phase in
24ths, rounded to the nearest, halves up.
"""

import math
from collections import Counter, defaultdict
from fractions import Fraction
from itertools import pairwise
from statistics import median

import numpy

from smf import DRUMS, Events, Note, steps

GRID = 24


def position(tick: int, division: int) -> int:
    """The place of a tick on the grid of 1/24 quarter notes."""
    beat, phase = divmod(tick, division)
    return beat * GRID + (phase * GRID * 2 + division) // (2 * division)


def parts(events: Events) -> list[list[Note]]:
    """The notes of each channel of each track, in order of track, then channel."""
    found: dict[tuple[int, int], list[Note]] = defaultdict(list)
    for note in events.notes:
        found[note.track, note.channel].append(note)
    return [found[part] for part in sorted(found)]


# --- meters --------------------------------------------------------------------------------------------------------


def bars(events: Events, end: int) -> int:
    """Bars begun before `end`; a change of meter begins a bar."""
    meters = steps(events.meters, (4, 4))
    total = 0
    for (start, (numerator, denominator)), stop in zip(meters, [tick for tick, _ in meters[1:]] + [end]):
        stop = min(stop, end)
        if start < stop:
            total += math.ceil(Fraction((stop - start) * denominator, events.division * 4 * numerator))
    return total


def main_meter(events: Events) -> tuple[int, int]:
    """The meter in force for the most ticks, the earlier of two."""
    meters = steps(events.meters, (4, 4))
    lengths: dict[tuple[int, int], int] = defaultdict(int)
    for (start, meter), stop in zip(meters, [tick for tick, _ in meters[1:]] + [events.last_tick]):
        if min(stop, events.last_tick) > start:
            lengths[meter] += min(stop, events.last_tick) - start
    if not lengths:
        return events.meters[0][2] if events.meters else (4, 4)
    return max(lengths, key=lengths.__getitem__)


# --- pitches -------------------------------------------------------------------------------------------------------


def pitch_class_ticks(notes: list[Note]) -> numpy.ndarray:
    """How long each pitch class sounds, in ticks."""
    ticks = numpy.zeros(12)
    for note in notes:
        ticks[note.pitch % 12] += note.end - note.start
    return ticks


def ticks_to_first_off(events: Events) -> numpy.ndarray:
    """The same by pretty_midi's rule: a note-off ends all notes of its pitch that began before it; the rest is dropped."""
    ticks = numpy.zeros(12)
    for track in events.file.tracks:
        waiting: dict[tuple[int, int], list[int]] = {}
        now = 0
        for event in track:
            now += event.time
            if event.type not in ("note_on", "note_off") or event.channel == DRUMS:
                continue
            part = (event.channel, event.note)
            if event.type == "note_on" and event.velocity > 0:
                waiting.setdefault(part, []).append(now)
            elif part in waiting:
                starts = waiting.pop(part)
                ended = [start for start in starts if start != now]
                ticks[event.note % 12] += sum(now - start for start in ended)
                if ended and len(ended) < len(starts):
                    waiting[part] = [now] * (len(starts) - len(ended))
    return ticks


def entropy(values: list[int]) -> float | None:
    """Shannon's, in bits."""
    count = len(values)
    if not count:
        return None
    return abs(sum(-n / count * math.log2(n / count) for n in Counter(values).values()))


def scale_consistency(notes: list[Note]) -> float | None:
    """The largest share of the notes in one major scale."""
    if not notes:
        return None
    classes = Counter(note.pitch % 12 for note in notes)
    scales = ({(root + step) % 12 for step in (0, 2, 4, 5, 7, 9, 11)} for root in range(12))
    return max(sum(classes[pitch] for pitch in scale) for scale in scales) / len(notes)


# --- notes at once -------------------------------------------------------------------------------------------------


def spans(notes: list[Note]) -> list[tuple[int, int]]:
    """From when to when each note sounds."""
    return [(note.start, note.end) for note in notes]


def pitch_spans(notes: list[Note]) -> list[tuple[int, int]]:
    """The same, with notes of one pitch that overlap taken for one: a pitch sounds or does not."""
    found: list[tuple[int, int]] = []
    last_pitch = None
    for note in sorted(notes, key=lambda note: (note.pitch, note.start)):
        if note.pitch == last_pitch and note.start < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], note.end))
        else:
            found.append((note.start, note.end))
        last_pitch = note.pitch
    return found


def sweep(sounding_spans: list[tuple[int, int]], end: int) -> tuple[int, float | None, float | None]:
    """Most notes at once, their mean while any sounds, and the share of the time until `end` with two or more."""
    changes: dict[int, int] = defaultdict(int)
    for start, stop in sounding_spans:
        changes[start] += 1
        changes[stop] -= 1
    most = now = sounding = note_ticks = many = 0
    for tick, following in pairwise([*sorted(changes), None]):
        now += changes[tick]
        most = max(most, now)
        length = 0 if following is None else following - tick
        sounding += length if now > 0 else 0
        many += length if now > 1 else 0
        note_ticks += now * length
    mean = note_ticks / sounding if sounding else None
    rate = many / end if end else None
    return most, mean, rate


def empty_beat_rate(events: Events) -> float | None:
    """The share of quarter notes that no note begins, sounds or ends in, up to the one in which the last note ends."""
    if not events.notes:
        return None
    filled = numpy.zeros(events.last_end // events.division + 1, bool)
    for note in events.notes:
        filled[note.start // events.division : note.end // events.division + 1] = True
    return float(1 - filled.sum() / len(filled))


# --- lines and rhythms ---------------------------------------------------------------------------------------------


def upper_line(notes: list[Note], division: int) -> list[tuple[int, int]]:
    """Position and highest pitch of each onset."""
    highest: dict[int, int] = {}
    for note in notes:
        place = position(note.start, division)
        highest[place] = max(note.pitch, highest.get(place, 0))
    return sorted(highest.items())


def melodic_intervals(events: Events) -> list[int]:
    """Sizes of the intervals of the upper line in semitones."""
    return [abs(to - of) for (_, of), (_, to) in pairwise(upper_line(events.melodic, events.division))]


def interval_histogram(sizes: list[int]) -> list[float] | None:
    """Shares of 0 to 11 semitones and of more."""
    counts = Counter(min(size, 12) for size in sizes)
    return [counts[size] / len(sizes) for size in range(13)] if sizes else None


def ioi_median(events: Events) -> float | None:
    """The median distance of neighbouring melodic onsets, in quarter notes."""
    onsets = [place for place, _ in upper_line(events.melodic, events.division)]
    return median(to - of for of, to in pairwise(onsets)) / GRID if len(onsets) > 1 else None


def length_median(events: Events) -> float | None:
    """The median length of melodic notes in quarter notes."""
    lengths = [note.end - note.start for note in events.melodic]
    return median(lengths) / events.division if lengths else None


def bar_length(meter: tuple[int, int]) -> Fraction:
    """Length of a bar on the grid."""
    return Fraction(GRID * 4 * meter[0], meter[1])


def groove_consistency(events: Events) -> float | None:
    """1 less the share of positions that differ between neighbouring bars of the main meter, up to the bar in which the
    last note ends; an end on a bar line lies in the bar behind it."""
    length = bar_length(main_meter(events))
    if length.denominator != 1 or not events.notes:
        return None
    onsets = {position(note.start, events.division) for note in events.notes}
    last = position(events.last_end, events.division) // int(length)
    if last < 1:
        return None
    here = {divmod(onset, int(length)) for onset in onsets}
    moved = {(bar + 1, place) for bar, place in here}
    differing = {(bar, place) for bar, place in here ^ moved if 1 <= bar <= last}
    return 1 - len(differing) / (int(length) * last)


# --- performed or programmed ---------------------------------------------------------------------------------------


def metric_level(tick: int, division: int) -> int:
    """GigaMIDI's metric depth of an onset, by exact arithmetic: duple subdivisions first, then triplet ones, else 12."""
    for power in range(6):
        if (tick << power) % division == 0:
            return 2 * power
    for power in range(6):
        if (3 * tick << power) % (2 * division) == 0:
            return 2 * power + 1
    return 12


def levels(events: Events) -> list[list[int]]:
    """The metric level of each note of each part."""
    known: dict[int, int] = {}
    found = []
    for part in parts(events):
        for note in part:
            if note.start % (2 * events.division) not in known:
                phase = note.start % (2 * events.division)
                known[phase] = metric_level(phase, events.division)
        found.append([known[note.start % (2 * events.division)] for note in part])
    return found


def nomml_tracks(events: Events) -> list[int]:
    """The median level of each part, cut to an integer."""
    return [int(median(part)) for part in levels(events)]


def quantized_ratio(events: Events) -> float | None:
    """The share of onsets no deeper than sixteenths or their triplets."""
    all_ = [level for part in levels(events) for level in part]
    return sum(level <= 5 for level in all_) / len(all_) if all_ else None


# --- programs and devices ------------------------------------------------------------------------------------------


def instruments(events: Events) -> list[int]:
    """Programs in force on its channel when a melodic note starts, whichever track chose them."""
    moments = [(tick, track, place, channel, program) for tick, track, place, channel, program in events.chosen]
    moments += [(tick, track, place, channel, None) for tick, track, place, channel in events.starts]
    moments.sort(key=lambda moment: moment[:3])
    in_force = [0] * 16
    found = set()
    for _, _, _, channel, program in moments:
        if program is not None:
            in_force[channel] = program
        elif channel != DRUMS:
            found.add(in_force[channel])
    return sorted(found)


def devices(events: Events) -> list[str]:
    """Sound standards that are switched on."""
    found = set()
    for data in events.exclusive:
        match list(data):
            case [0x7E, _, 0x09, 0x01, *_]:
                found.add("gm")
            case [0x7E, _, 0x09, 0x03, *_]:
                found.add("gm2")
            case [0x41, _, 0x42, 0x12, 0x40, 0x00, 0x7F, 0x00, *_]:
                found.add("gs")
            case [0x43, model, 0x4C, 0x00, 0x00, 0x7E, 0x00, *_] if model >> 4 == 1:
                found.add("xg")
    return [device for device in ("gm", "gm2", "gs", "xg") if device in found]
