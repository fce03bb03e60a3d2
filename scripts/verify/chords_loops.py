#!/usr/bin/env python3
"""Checks the chords and loops of a library against a second reading of their definition.

The definition is docs/decisions/0008-chords-and-loops.md. It is read here again as plainly as possible: dense matrices for
the chords, every bar against every other for the loops. Files are read by mido.

    python3 -m venv venv && venv/bin/pip install mido numpy
    loader import --analysis full FOLDER          # bare MIDI files
    psql -XAt -F $'\\t' -c "SELECT s.path, array_to_string(m.chords, ' '), m.n_loops, m.loop_bars
        FROM musical_metadata m JOIN file_locations l USING (file_id) JOIN sources s ON s.id = l.source_id
        WHERE l.entry_path IS NULL AND m.division IS NOT NULL" > found.tsv
    venv/bin/python scripts/verify/chords_loops.py found.tsv [--limit N] [--nottingham MIDI]

With --nottingham, the folder MIDI of the Nottingham set (jukedeck/nottingham-dataset), whose chords/ holds the chords of each tune as a
track of their own: the share of beats whose chord is the one that was written is printed, and the share whose root is.

The exit status is 1 where anything differs.
"""

import argparse
import collections
import pathlib
import sys

import mido
import numpy

KINDS = {
    "": ((0, 4, 7), 1000),
    "m": ((0, 3, 7), 1000),
    "dim": ((0, 3, 6), 900),
    "aug": ((0, 4, 8), 820),
    "sus4": ((0, 5, 7), 900),
    "7": ((0, 4, 7, 10), 866),
    "maj7": ((0, 4, 7, 11), 866),
    "m7": ((0, 3, 7, 10), 866),
    "m7b5": ((0, 3, 6, 10), 820),
    "dim7": ((0, 3, 6, 9), 820),
}
MAJOR = "C Db D Eb E F F# G Ab A Bb B".split()
MINOR = "C C# D Eb E F F# G G# A Bb B".split()
NO_CHORD = len(KINDS) * 12
MOST_BEATS = 1 << 14

Note = collections.namedtuple("Note", "start end channel key track")


class Score:
    """The notes of a file in steps of 1/24 quarter note, and its meters."""

    def __init__(self, path):
        file = mido.MidiFile(path, clip=True)
        self.division = file.ticks_per_beat
        self.end = 0
        self.notes = []
        meters = []
        for number, track in enumerate(file.tracks):
            tick, sounding, heard = 0, collections.defaultdict(list), []
            for message in track:
                tick += message.time
                if message.type == "time_signature":
                    meters.append((tick, message.numerator, message.denominator))
                elif message.type == "note_on" and message.velocity > 0:
                    heard.append([tick, None, message.channel, message.note])
                    sounding[message.channel, message.note].append(heard[-1])
                elif message.type in ("note_on", "note_off") and sounding[message.channel, message.note]:
                    sounding[message.channel, message.note].pop(0)[1] = tick
            self.notes += [Note(s, tick if e is None else e, c, k, number) for s, e, c, k in heard]
            self.end = max(self.end, tick)
        meters.sort(key=lambda meter: meter[0])
        at = {0: (4, 4)} | {tick: (over, under) for tick, over, under in meters}
        # A meter that is only said again begins no bar.
        changes = [(t, m) for i, (t, m) in enumerate(sorted(at.items())) if i == 0 or m != sorted(at.items())[i - 1][1]]
        self.meters = {self.step(tick): meter for tick, meter in changes}
        spans = collections.Counter()
        for (tick, meter), (behind, _) in zip(changes, [*changes[1:], (self.end, None)]):
            spans[meter] += max(0, min(behind, self.end) - tick)
        self.main = max(spans, key=lambda meter: spans[meter]) if any(spans.values()) else changes[0][1]

    def step(self, tick):
        """The nearest step, the later of two."""
        return (48 * tick + self.division) // (2 * self.division)

    def stretches(self):
        """(first step, step behind the last, numerator, denominator) of each meter."""
        starts = sorted(self.meters)
        return [(a, b, *self.meters[a]) for a, b in zip(starts, [*starts[1:], 1 << 62])]

    def bar(self, step):
        """First step of the bar around this one."""
        first, _, over, under = [s for s in self.stretches() if s[0] <= step][-1]
        number = (step - first) * under // (96 * over)
        return first - -number * 96 * over // under

    def beats(self, end):
        """(first step, place in the bar, beats in the bar) before this step."""
        found = []
        for first, behind, over, under in self.stretches():
            counted = over // 3 if over % 3 == 0 and under >= 8 else over
            parts = [p for p in range(counted, 0, -1) if counted % p == 0 and 96 * over >= 24 * p * under]
            width, parts = (96 * over // parts[0] // under, parts[0]) if parts else (24, 1)
            starts = range(first, min(behind, end), width)[: MOST_BEATS - len(found)]
            found += [(start, number % parts, parts) for number, start in enumerate(starts)]
        return found


def chord_of_each_beat(score):
    """The place of the best chord in each beat, and where the beats begin; the last is their end."""
    notes = [(score.step(n.start), score.step(n.end), n.key) for n in score.notes if n.channel != 9]
    if not notes:
        return [], []
    end = max(n[1] for n in notes)
    beats = score.beats(end)
    if not beats:
        return [], []
    lines = [start for start, _, _ in beats]
    behind = [b[0] for b in score.stretches()] + [end]
    lines.append(min(x for x in behind if x > lines[-1]) if len(beats) < MOST_BEATS else lines[-1] + 24)
    lines = numpy.array(lines)
    width = numpy.diff(lines)
    weights = numpy.zeros((len(beats), 12), dtype=numpy.int64)
    bass = numpy.full(len(beats), 999)
    for start, stop, key in notes:
        sounding = numpy.clip(numpy.minimum(stop, lines[1:]) - numpy.maximum(start, lines[:-1]), 0, None)
        weights[:, key % 12] += sounding
        bass = numpy.where((2 * sounding >= width) & (sounding > 0), numpy.minimum(bass, key), bass)
    # Where two chords fit alike the one nearer above the lowest key wins.
    tonic = min(n[2] for n in notes) % 12
    share = weights * ((1 << 48) // numpy.maximum(weights.sum(axis=1), width))[:, None] >> 36
    fits = numpy.zeros((len(beats), NO_CHORD + 1), dtype=numpy.int64)
    for place in range(NO_CHORD):
        tones, weight = list(KINDS.values())[place // 12]
        root = (place + tonic) % 12
        held = sum(share[:, (root + tone) % 12] for tone in tones)
        fits[:, place] = held * (weight + numpy.where((bass < 999) & (bass % 12 == root), 150, 0)) >> 12
    fits[:, NO_CHORD] = 400
    best, came_from = fits[0].copy(), []
    for (_, place, parts), fit in zip(beats[1:], fits[1:]):
        cost = 150 if place == 0 else 200 if 2 * place == parts else 400
        winner = int(best.argmax())
        came_from.append(numpy.where(best >= best[winner] - cost, numpy.arange(NO_CHORD + 1), winner))
        best = numpy.maximum(best, best[winner] - cost) + fit
    path = [int(best.argmax())]
    for row in reversed(came_from):
        path.append(int(row[path[-1]]))
    turned = [NO_CHORD if p == NO_CHORD else p // 12 * 12 + (p + tonic) % 12 for p in reversed(path)]
    return turned, lines.tolist()


def name(place):
    """The name of a chord."""
    if place == NO_CHORD:
        return "N"
    kind = list(KINDS)[place // 12]
    return (MINOR if KINDS[kind][0][1] == 3 else MAJOR)[place % 12] + kind


def chords(score):
    """The chords of a file, one for each change, without silence around them."""
    path, _ = chord_of_each_beat(score)
    names = [name(p) for i, p in enumerate(path) if i == 0 or p != path[i - 1]]
    while names and names[0] == "N":
        names.pop(0)
    names = names[:257] if len(names) > 256 else names
    while names and names[-1] == "N":
        names.pop()
    return names[:256]


def loops(score):
    """How many loops there are, and their commonest length in bars of the main meter."""
    parts = collections.defaultdict(list)
    for note in score.notes:
        parts[note.track, note.channel].append(note)
    lengths = collections.Counter()
    for (_, channel), notes in parts.items():
        sets = {}
        for note in notes[:50_000]:
            length = 0 if channel == 9 else score.step(note.end - note.start)
            keys, longest = sets.get(score.step(note.start), (frozenset(), 0))
            sets[score.step(note.start)] = (keys | {note.key}, max(longest, length))
        for _, length in loops_of_part(score, sorted((at, *rest) for at, rest in sets.items())):
            lengths[length] += 1
    if not lengths:
        return 0, None
    commonest = min(lengths, key=lambda length: (-lengths[length], length))
    over, under = score.main
    return sum(lengths.values()), commonest / (96 * over / under)


def loops_of_part(score, sets):
    """(how it begins, length in steps) of each loop of a part."""
    bar_of = [score.bar(at) for at, _, _ in sets]
    first = {}
    for number, bar in enumerate(bar_of):
        first.setdefault(bar, number)
    bars = list(first)

    def agreement(a, b):
        """Note sets from bar a on that are those from bar b on."""
        i, j = first[a], first[b]
        count = 0
        while j + count < len(sets):
            (at, *one), (there, *other) = sets[i + count], sets[j + count]
            if at - a != there - b or one != other:
                break
            count += 1
        return count

    def sets_in(number):
        return (first[bars[number + 1]] if number + 1 < len(bars) else len(sets)) - first[bars[number]]

    agreements = {}
    for i, a in enumerate(bars):
        for j in range(i + 1, min(i + 33, len(bars))):
            if bars[j] - a > 768:
                break
            agreements[i, j] = agreement(a, bars[j])
    found = {}
    for (i, j), count in agreements.items():
        a, b = bars[i], bars[j]
        length, within = b - a, first[b] - first[a]
        differ = min(
            [sets[n + count][0] - line for line, n in ((a, first[a]), (b, first[b])) if n + count < len(sets)],
            default=1 << 62,
        )
        if count < 4 or differ < 48 or length < 96 or within * 48 < length:
            continue
        goes_on = (
            i > 0
            and a - bars[i - 1] == b - bars[j - 1]
            and sets_in(i - 1) == sets_in(j - 1)
            and agreements[i - 1, j - 1] >= sets_in(i - 1)
        )
        if goes_on:
            continue
        beginning = []
        for number, (at, keys, longest) in enumerate(sets[first[a] :]):
            if number >= 4 and at - a >= 48:
                break
            beginning.append((at - a, keys, longest))
        key = tuple(beginning)
        found[key] = min(found.get(key, (0, 1 << 62)), (-count, length))
    return [(key, length) for key, (_, length) in found.items()]


def compare_with_nottingham(folder):
    """Shares of beats whose chord, and whose root, is as it was written in the chord track."""
    places = collections.defaultdict(list)
    for place in range(NO_CHORD):
        tones, _ = list(KINDS.values())[place // 12]
        places[frozenset((place + tone) % 12 for tone in tones)].append(place)
    beats = same = root = 0
    tunes = 0
    for path in sorted(folder.glob("*.mid")):
        written = folder / "chords" / path.name
        if not written.exists():
            continue
        tunes += 1
        score, truth = Score(path), Score(written)
        notes = [(truth.step(n.start), truth.step(n.end), n.key) for n in truth.notes]
        found, lines = chord_of_each_beat(score)
        for place, line in zip(found, lines):
            held = [key for start, end, key in notes if start <= line < end]
            candidates = places[frozenset(key % 12 for key in held)]
            if not candidates:
                continue
            right = next((p for p in candidates if p % 12 == min(held) % 12), candidates[0])
            beats += 1
            same += place == right
            root += place != NO_CHORD and place % 12 == right % 12
    print(f"Nottingham: {tunes} tunes, {beats} beats: chord as written {same / beats:.4f}, root {root / beats:.4f}")


def main():
    """Compares and prints what differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("found", type=pathlib.Path)
    parser.add_argument("--limit", type=int, default=sys.maxsize)
    parser.add_argument("--nottingham", type=pathlib.Path)
    options = parser.parse_args()
    counts = collections.Counter()
    for line in options.found.read_text().splitlines()[: options.limit]:
        path, listed, n_loops, loop_bars = line.split("\t")
        try:
            score = Score(path)
        except Exception as error:  # mido refuses what the loader mends
            counts["not read by mido"] += 1
            print(f"{path}: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        counts["files"] += 1
        names = chords(score)
        if names != listed.split():
            counts["other chords"] += 1
            print(f"{path}: chords {listed[:80]} | here {' '.join(names)[:80]}")
        count, bars = loops(score)
        if count != int(n_loops):
            counts["other number of loops"] += 1
            print(f"{path}: {n_loops} loops, here {count}")
        elif bars is not None and abs(bars - float(loop_bars)) > 1e-4 * bars:
            counts["other length of loops"] += 1
            print(f"{path}: loops of {loop_bars} bars, here {bars}")
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    if options.nottingham:
        compare_with_nottingham(options.nottingham)
    sys.exit(any(what.startswith("other") for what in counts))


if __name__ == "__main__":
    main()
