"""How values are compared: a check, its tolerance, its floor, and the causes that may explain what is left."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from content import Content, Incomparable

SAME = "same"


@dataclass(frozen=True)
class Tolerance:
    """What still agrees."""

    words: str
    agrees: Callable[[object, object], bool]


def within(absolute: float, relative: float = 0.0) -> Tolerance:
    """Numbers, or lists of numbers of equal length, that differ by no more; none agrees with none."""

    def agrees(here: object, there: object) -> bool:
        if here is None or there is None:
            return here is there
        if isinstance(here, list | tuple):
            return len(here) == len(there) and all(agrees(*pair) for pair in zip(here, there))
        return math.isclose(here, there, rel_tol=relative, abs_tol=absolute)

    words = [f"{absolute:g}"] if absolute else []
    words += [f"{relative:g} of it"] if relative else []
    return Tolerance(" or ".join(words), agrees)


EXACT = Tolerance("none", lambda here, there: here == there)
# A `real` holds seven digits.
REAL = within(2e-6, 1e-6)


@dataclass(frozen=True)
class Cause:
    """Why two right answers may differ, and how to know the files where they may."""

    words: str
    holds: Callable[[Content], bool]


@dataclass(frozen=True)
class Check:
    """A column against another computation of it."""

    column: str
    against: str
    expected: Callable[[Content], object]
    tolerance: Tolerance = REAL
    # The least rate of agreement; what does not agree must have a cause all the same.
    floor: float = 1.0
    causes: tuple[Cause, ...] = ()
    # From the row; the column itself where not given.
    found: Callable[[dict], object] | None = field(default=None)
    # Where it is slow: at most so many files of at most so many bytes.
    few: tuple[int, int] | None = None

    def here(self, row: dict) -> object:
        """The value of the row."""
        return self.found(row) if self.found else row.get(self.column)


@dataclass(frozen=True)
class Verdict:
    """What a check says of one file: `same`, or a cause, or none for an unexplained difference."""

    check: int
    outcome: str | None
    detail: str = ""
    is_compared: bool = True


def judge(index: int, check: Check, content: Content) -> Verdict:
    """Compares one column of one file."""
    try:
        there = check.expected(content)
    except Incomparable as reason:
        return Verdict(index, str(reason), is_compared=False)
    here = check.here(content.row)
    if check.tolerance.agrees(here, there):
        return Verdict(index, SAME)
    detail = f"{content.row['digest'][:12]} {check.column}: {_short(here)} here, {_short(there)} by {check.against}"
    for cause in check.causes:
        try:
            if cause.holds(content):
                return Verdict(index, cause.words, detail)
        except Incomparable:
            continue
    return Verdict(index, None, detail)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 160 else text[:157] + "..."
