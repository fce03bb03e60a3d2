"""Signatures: not their values, which nobody else computes, but what they promise.

Equal notes have equal signatures and others differ; the share of equal places of two MinHashes estimates how much of their
runs of four notes two files share.
"""

import hashlib
import random
from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations, pairwise

from measures import parts, position, upper_line
from smf import DRUMS, Events

FARTHEST = 127


@dataclass(frozen=True)
class Signed:
    """What two files must share to have equal signatures."""

    digest: str
    notes: bytes | None
    transposed: bytes | None
    shingles: frozenset[int]


def sign(digest: str, events: Events) -> Signed:
    """Reads off what the signatures of a file stand for."""
    if not events.notes:
        return Signed(digest, None, None, frozenset())
    first = min(position(note.start, events.division) for note in events.notes)
    lowest = min((note.pitch for note in events.melodic), default=0)
    placed = [(position(note.start, events.division) - first, note.channel == DRUMS, note.pitch) for note in events.notes]
    moved = [(onset, is_drum, pitch if is_drum else pitch - lowest) for onset, is_drum, pitch in placed]
    return Signed(digest, _hash(placed), _hash(moved), frozenset(_shingles(events)))


def _hash(multiset: list[tuple[int, bool, int]]) -> bytes:
    return hashlib.blake2b(repr(sorted(multiset)).encode(), digest_size=16).digest()


def _shingles(events: Events):
    """Three steps of a melodic part's upper line: interval, and distance of at most 127."""
    for part in parts(events):
        if part[0].channel == DRUMS:
            continue
        line = upper_line(part, events.division)
        moves = [(to[1] - of[1], min(to[0] - of[0], FARTHEST)) for of, to in pairwise(line)]
        for run in zip(moves, moves[1:], moves[2:]):
            yield int.from_bytes(hashlib.blake2b(repr(run).encode(), digest_size=8).digest(), "big")


def classes(signed: list[Signed], rows: dict[str, dict], column: str, promise: str) -> tuple[int, list[str], int]:
    """Files compared, every broken promise, and how many classes have several files."""
    by_promise: dict[bytes | None, set] = defaultdict(set)
    by_value: dict[int | None, set] = defaultdict(set)
    sizes: dict[bytes | None, list[str]] = defaultdict(list)
    for one in signed:
        promised, value = getattr(one, promise), rows[one.digest][column]
        by_promise[promised].add(value)
        by_value[value].add(promised)
        sizes[promised].append(one.digest)
    broken = []
    for one in signed:
        promised, value = getattr(one, promise), rows[one.digest][column]
        if len(by_promise[promised]) > 1 or len(by_value[value]) > 1 or (promised is None) != (value is None):
            broken.append(f"{one.digest[:12]} {column}: {value} here, class {promised and promised.hex()[:12]}")
    several = sum(len(files) > 1 for key, files in sizes.items() if key is not None)
    return len(signed), broken, several


@dataclass(frozen=True)
class Estimates:
    """How well MinHash estimates, over some pairs of files."""

    pairs: int
    mean_error: float
    largest_error: float
    mean_truth: float


def estimate(signed: list[Signed], rows: dict[str, dict], pairs: list[tuple[int, int]]) -> Estimates | None:
    """Compares the share of equal places with the Jaccard index."""
    errors, truths = [], []
    for one, other in pairs:
        here, there = signed[one], signed[other]
        union = len(here.shingles | there.shingles)
        truth = len(here.shingles & there.shingles) / union if union else 0.0
        places = list(zip(rows[here.digest]["minhash"], rows[there.digest]["minhash"]))
        errors.append(abs(sum(a == b for a, b in places) / len(places) - truth))
        truths.append(truth)
    if not errors:
        return None
    return Estimates(len(errors), sum(errors) / len(errors), max(errors), sum(truths) / len(truths))


def random_pairs(signed: list[Signed], count: int, seed: int) -> list[tuple[int, int]]:
    """Pairs of any files."""
    chance = random.Random(seed)
    return [tuple(chance.sample(range(len(signed)), 2)) for _ in range(count)] if len(signed) > 1 else []


def similar_pairs(signed: list[Signed], count: int, seed: int) -> list[tuple[int, int]]:
    """Pairs that share a rare run of four notes, at least a tenth of all their runs, and are not equal."""
    holders: dict[int, list[int]] = defaultdict(list)
    for index, one in enumerate(signed):
        for shingle in one.shingles:
            holders[shingle].append(index)
    candidates = {pair for files in holders.values() if 2 <= len(files) <= 12 for pair in combinations(files, 2)}
    alike = []
    for one, other in sorted(candidates):
        here, there = signed[one].shingles, signed[other].shingles
        if 10 * len(here & there) >= len(here | there) and here != there:
            alike.append((one, other))
    random.Random(seed).shuffle(alike)
    return alike[:count]


def absent(signed: list[Signed], rows: dict[str, dict]) -> list[str]:
    """Files of which one side has runs of four notes and the other has none."""
    return [
        f"{one.digest[:12]} minhash: {rows[one.digest]['minhash']} here, {len(one.shingles)} runs"
        for one in signed
        if (rows[one.digest]["minhash"] is None) != (not one.shingles)
    ]
