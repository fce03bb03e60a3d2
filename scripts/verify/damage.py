"""Notes recovered from the damaged files, per kind of damage: by midly, by mido, and by the loader.

Kinds are the folders they lie in; a content that lies in two counts in both, and once in the last line. midly's and mido's counts (with default settings) come from the lists beside the
corpus; mido's with its `clip` setting is computed here.
"""

import csv
import io
import re
from collections import Counter, defaultdict
from pathlib import Path

import mido

OTHERS = [
    (r"/MIDIs_corrupted/", "other: MidiTok, symusic `MIDIs_corrupted`"),
    (r"^jazz-soft_test-midi-files/", "other: jazz-soft test files"),
    (r"/MIDIBad[^/]*$", "other: midifile `MIDIBad*`"),
]
HEAD = (
    "| kind | files | mido | mido, `clip` | midly | here | clean | repaired | partial | refused |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def kind(path: str) -> str | None:
    """Which kind of damage an entry's path speaks of."""
    invalid = re.search(r"/Invalid/([^/]+)/", path)
    if invalid:
        return invalid.group(1)
    return next((name for pattern, name in OTHERS if re.search(pattern, path)), None)


def kinds(corpus: Path) -> dict[str, set[str]]:
    """The SHA-256 of each damaged file, by kind."""
    found: dict[str, set[str]] = defaultdict(set)
    for entry in _list(corpus / "entries.tsv"):
        of = kind(entry["inner_path"])
        is_midi = entry["midi_name"] == "1" or entry["midi_magic"] == "1"
        if of and is_midi and entry["mac_clutter"] == "0":
            found[of].add(entry["sha256"])
    return found


def table(corpus: Path, rows: dict[str, dict], contents: dict[str, bytes]) -> list[str]:
    """The table's lines; `rows` and `contents` by SHA-256."""
    facts = {fact["sha256"]: fact for fact in _list(corpus / "facts.tsv")}
    by_kind = kinds(corpus)
    all_ = {"all, each once": set().union(*by_kind.values())}
    ordered = sorted(by_kind.items(), key=lambda of: (of[0].startswith("other"), of[0]))
    lines = HEAD.split("\n")
    for name, files in [*ordered, *all_.items()]:
        sums: Counter[str] = Counter()
        for sha256 in files:
            fact, row = facts.get(sha256, {}), rows.get(sha256)
            sums["mido"] += int(fact.get("note_on") or 0)
            sums["midly"] += int(fact.get("midly_note_on") or 0)
            sums["clip"] += _clipped(contents[sha256]) if sha256 in contents else 0
            sums["here"] += row["n_notes"] if row else 0
            sums[row["parse_status"] if row else "refused"] += 1
        counts = [sums[count] for count in ("mido", "clip", "midly", "here", "clean", "repaired", "partial", "refused")]
        lines.append(f"| {name} | {len(files)} | " + " | ".join(f"{count:,}" for count in counts) + " |")
    return lines


def _clipped(data: bytes) -> int:
    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    except Exception:  # mido has no error of its own for what it cannot read.
        return 0
    return sum(event.type == "note_on" and event.velocity > 0 for track in file.tracks for event in track)


def _list(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
