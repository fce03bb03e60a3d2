"""Markdown: tables of agreement, and what they leave to say."""

from collections import Counter

from compare import SAME, Check, Verdict
from signatures import Estimates

HEAD = "| field | compared with | files | agree | tolerance | rate | floor | causes of the rest |\n|---|---|--:|--:|---|--:|--:|---|"


def row(check: Check, verdicts: list[Verdict]) -> str:
    """A check's line of the table."""
    compared = [verdict for verdict in verdicts if verdict.is_compared]
    agree = sum(verdict.outcome == SAME for verdict in compared)
    causes = Counter(verdict.outcome or "UNEXPLAINED" for verdict in compared if verdict.outcome != SAME)
    left_out = Counter(verdict.outcome for verdict in verdicts if not verdict.is_compared)
    words = [f"{count} {cause}" for cause, count in causes.most_common()]
    words += [f"left out: {count} {cause}" for cause, count in left_out.most_common()]
    name = check.column if " " in check.column else f"`{check.column}`"
    return (
        f"| {name} | {check.against} | {len(compared):,} | {agree:,} | {check.tolerance.words} | "
        f"{_percent(agree, len(compared))} | {check.floor:.0%} | {'; '.join(words)} |"
    )


def not_filled(check: Check) -> str:
    """The line of a column that is null everywhere."""
    return f"| `{check.column}` | {check.against} | not filled | | {check.tolerance.words} | | {check.floor:.0%} | |"


def fails(check: Check, verdicts: list[Verdict]) -> bool:
    """Whether it agrees too seldom, or somewhere without a cause, or was compared nowhere."""
    compared = [verdict.outcome for verdict in verdicts if verdict.is_compared]
    return not compared or None in compared or compared.count(SAME) < check.floor * len(compared)


def estimates(kind: str, found: Estimates | None) -> str:
    """A line on how well MinHash estimates."""
    if found is None:
        return f"| {kind} | 0 | | | |"
    return f"| {kind} | {found.pairs:,} | {found.mean_truth:.3f} | {found.mean_error:.4f} | {found.largest_error:.3f} |"


def _percent(part: int, whole: int) -> str:
    if not whole:
        return ""
    # Never rounded up to all.
    return "100 %" if part == whole else f"{int(10_000 * part / whole) / 100:.2f} %"
