"""Compares a library's columns with what independent libraries find in the same files: scripts/verify-metadata.sh."""

import argparse
import hashlib
import multiprocessing
import sys
from collections import Counter, defaultdict
from pathlib import Path

import damage
import library
import signatures
import table
from checks import CHECKS
from compare import Check, Verdict, judge
from content import Content
from signatures import Signed

# What the mean error of MinHash may be: 32 places estimate a share of a half to ±0.09, smaller and larger ones better.
LARGEST_MEAN_ERROR = {"any two files": 0.01, "similar files": 0.09}
PAIRS = 20_000


def main() -> int:
    options = arguments()
    rows = library.rows(options.loader, options.query)
    paths = library.contents(options.extracted, options.corpus)
    readable = [row for row in rows if row["parse_status"] == "clean" and row["digest"] in paths and not row["smpte_fps"]]
    sample = library.draw(readable, options.corpus, options.files, options.seed)
    say(f"{len(rows):,} contents, {len(readable):,} clean and in metrical time; {len(sample):,} drawn by seed {options.seed}")
    filled = {index for index, check in enumerate(CHECKS) if any(is_filled(check, row) for row in rows)}
    verdicts, signed, refused = examine(sample, readable, paths, filled)
    failures = agreement(sample, verdicts, refused, filled)
    if not options.allow_missing:
        failures += [f"{check.column} is not filled" for index, check in enumerate(CHECKS) if index not in filled]
    failures += promises(rows, signed, options)
    print("\n### Damaged files\n")
    by_sha256, contents = by_sha(rows, paths)
    print("\n".join(damage.table(options.corpus, by_sha256, contents)))
    for failure in failures:
        say(f"FAILED: {failure}")
    return 1 if failures else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="verify")
    parser.add_argument("--loader", type=Path, required=True)
    parser.add_argument("--query", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--extracted", type=Path, required=True)
    parser.add_argument("--files", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--allow-missing", action="store_true")
    return parser.parse_args()


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def is_filled(check: Check, row: dict) -> bool:
    """Whether the row has a value of this column; derived ones always have."""
    return row.get(check.column) is not None if check.column in row else check.found is not None


# --- the work ------------------------------------------------------------------------------------------------------


def examine(
    sample: list[dict], all_: list[dict], paths: dict[str, str], filled: set[int]
) -> tuple[list[Verdict], list[Signed], Counter]:
    """Checks every file of the sample, and reads off the signatures of all."""
    drawn = {row["digest"] for row in sample}
    asked = checks_of(sample, filled)
    work = [(row, paths[row["digest"]], asked[row["digest"]]) for row in sample]
    work += [(row, paths[row["digest"]], None) for row in all_ if row["digest"] not in drawn]
    verdicts: list[Verdict] = []
    signed: list[Signed] = []
    refused: Counter = Counter()
    with multiprocessing.Pool() as pool:
        for done, (found, sign, refusal) in enumerate(pool.imap_unordered(check_file, work, chunksize=4), 1):
            verdicts += found
            if sign:
                signed.append(sign)
            if refusal:
                refused[refusal] += 1
            if done % 500 == 0:
                say(f"{done:,} of {len(work):,} files")
    return verdicts, sorted(signed, key=lambda one: one.digest), refused


def checks_of(sample: list[dict], filled: set[int]) -> dict[str, set[int]]:
    """Which checks each file is put to: all of filled columns, the slow ones on a few small files only."""
    asked: dict[str, set[int]] = defaultdict(set)
    for index in filled:
        fitting = sample
        if few := CHECKS[index].few:
            count, largest = few
            fitting = [row for row in sample if row["size_bytes"] <= largest and row["n_melodic_notes"] > 0][:count]
        for row in fitting:
            asked[row["digest"]].add(index)
    return asked


def check_file(work: tuple[dict, str, set[int] | None]) -> tuple[list[Verdict], Signed | None, str | None]:
    """Everything that is asked about one file; its signatures always."""
    row, path, asked = work
    content = Content(row, path)
    try:
        sign = signatures.sign(row["digest"], content.events)
    except Exception as error:  # mido has no error of its own for what it cannot read.
        return [], None, type(error).__name__ if asked is not None else None
    return [judge(index, CHECKS[index], content) for index in sorted(asked or ())], sign, None


# --- the report ----------------------------------------------------------------------------------------------------


def agreement(sample: list[dict], verdicts: list[Verdict], refused: Counter, filled: set[int]) -> list[str]:
    """Prints the table of agreement; the checks that fail."""
    by_check: dict[int, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        by_check[verdict.check].append(verdict)
    print(f"### Agreement\n\n{len(sample):,} files; mido refuses {sum(refused.values())} of them.\n\n{table.HEAD}")
    failures = []
    for index, check in enumerate(CHECKS):
        if index not in filled:
            print(table.not_filled(check))
            continue
        print(table.row(check, by_check[index]))
        if table.fails(check, by_check[index]):
            failures.append(f"{check.column} against {check.against}")
        shown = [verdict for verdict in by_check[index] if verdict.is_compared and verdict.outcome is None]
        for verdict in shown[:20]:
            say(f"unexplained: {verdict.detail}")
    return failures


def promises(rows: list[dict], signed: list[Signed], options: argparse.Namespace) -> list[str]:
    """Prints what the signatures keep of what they promise; what they break."""
    by_digest = {row["digest"]: row for row in rows}
    failures = []
    print("\n### Signatures\n\n| field | files | classes of several files | in which both agree |\n|---|--:|--:|--:|")
    for column, promise in (("note_signature", "notes"), ("transposed_signature", "transposed")):
        if all(row.get(column) is None for row in rows):
            print(f"| `{column}` | not filled | | |")
            failures += [] if options.allow_missing else [f"{column} is not filled"]
            continue
        files, broken, several = signatures.classes(signed, by_digest, column, promise)
        print(f"| `{column}` | {files:,} | {several:,} | {files - len(broken):,} |")
        for line in broken[:20]:
            say(f"broken promise: {line}")
        failures += [f"{column}: {len(broken)} files"] if broken else []
    if all(row.get("minhash") is None for row in rows):
        return failures + ([] if options.allow_missing else ["minhash is not filled"])
    return failures + minhash(by_digest, signed, options.seed)


def minhash(rows: dict[str, dict], signed: list[Signed], seed: int) -> list[str]:
    """Prints how well MinHash estimates; where it does not."""
    failures = [f"minhash: {line}" for line in signatures.absent(signed, rows)]
    lined = [one for one in signed if one.shingles and rows[one.digest]["minhash"] is not None]
    print("\n| `minhash`: pairs of | pairs | mean true share | mean error | largest error |\n|---|--:|--:|--:|--:|")
    for kind, pairs in (
        ("any two files", signatures.random_pairs(lined, PAIRS, seed)),
        ("similar files", signatures.similar_pairs(lined, PAIRS, seed)),
    ):
        found = signatures.estimate(lined, rows, pairs)
        print(table.estimates(kind, found))
        if found is None or found.mean_error > LARGEST_MEAN_ERROR[kind]:
            failures.append(f"minhash of {kind}")
    return failures


def by_sha(rows: list[dict], paths: dict[str, str]) -> tuple[dict[str, dict], dict[str, bytes]]:
    """Rows and contents by SHA-256, by which the lists beside the corpus name them."""
    by_digest = {row["digest"]: row for row in rows}
    found: dict[str, dict] = {}
    contents: dict[str, bytes] = {}
    for digest, path in paths.items():
        data = Path(path).read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        contents[sha256] = data
        if digest in by_digest:
            found[sha256] = by_digest[digest]
    return found, contents


if __name__ == "__main__":
    sys.exit(main())
