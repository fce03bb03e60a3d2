"""The library under test and the contents it was made of.

The rows come from the loader's own database; the contents from the archives, extracted, and are told apart by their BLAKE3
digest, which the loader stores too.
"""

import json
import os
import random
import subprocess
from collections import defaultdict
from pathlib import Path

from blake3 import blake3

# The loader takes no larger entry.
LARGEST = 16 << 20


def rows(loader: Path, query: Path) -> list[dict]:
    """Every row of the library."""
    with open(query, encoding="utf-8") as sql:
        output = subprocess.run(
            [loader, "db", "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-f", "-"], stdin=sql, capture_output=True, check=True
        )
    return [json.loads(line) for line in output.stdout.decode("utf-8").splitlines()]


def contents(*folders: Path) -> dict[str, str]:
    """Digest and path of every file below the folders."""
    found: dict[str, str] = {}
    for folder in folders:
        for base, names, files in os.walk(folder):
            names.sort()
            for name in sorted(files):
                path = os.path.join(base, name)
                if os.path.isfile(path) and os.path.getsize(path) <= LARGEST:
                    with open(path, "rb") as file:
                        found.setdefault(blake3(file.read()).hexdigest(), path)
    return found


def draw(candidates: list[dict], corpus: Path, count: int, seed: int) -> list[dict]:
    """So many rows at random, as evenly as can be from all parts of the corpus, so that the large ones do not drown the small."""
    groups: dict[str, list[dict]] = defaultdict(list)
    for row in candidates:
        groups[os.path.relpath(row["source_path"], corpus).split(os.sep)[0]].append(row)
    chance = random.Random(seed)
    for name in sorted(groups):
        groups[name].sort(key=lambda row: row["digest"])
        chance.shuffle(groups[name])
    drawn: list[dict] = []
    while len(drawn) < count and any(groups.values()):
        for name in sorted(groups):
            if groups[name] and len(drawn) < count:
                drawn.append(groups[name].pop())
    return drawn
