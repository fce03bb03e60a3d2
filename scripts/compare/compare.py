"""Runs the pipelines and loader in turn on the same zips, each time into a new database, and prints a table.

Lost is what the zips hold and a library does not: contents that start with MThd, and those that any loader stored, by
their digests. What is read is in the page cache; time is from the start of each program to its end.
"""

import argparse
import glob
import json
import os
import statistics
import subprocess
import sys
import time
import zipfile

import psycopg

import store

HERE = os.path.dirname(os.path.abspath(__file__))
DATABASE = "loader_compare"


class Contender:
    """A program, the archives it is given, and what came of it."""

    def __init__(self, name, command, archives):
        self.name, self.command, self.archives = name, command, archives
        self.seconds, self.digests, self.columns, self.places = [], set(), 0, 0

    def run(self, server):
        url = server.fresh_database()
        began = time.perf_counter()
        done = subprocess.run(self.command(url, self.archives), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.seconds.append(time.perf_counter() - began)
        # 3: loader's, some of it was refused.
        if done.returncode not in (0, 3):
            sys.exit(f"error: {self.name} ended with status {done.returncode}")
        with psycopg.connect(url) as library:
            self.digests = {bytes(digest) for (digest,) in library.execute("SELECT digest FROM files")}
            self.places = library.execute("SELECT count(*) FROM file_locations").fetchone()[0]
            self.columns = filled_columns(library)

    def rate(self, seconds):
        return self.places / seconds


class Server:
    """loader's private cluster, which is this comparison's own."""

    def __init__(self, loader):
        self.url = subprocess.check_output([loader, "db", "url"], text=True).strip()

    def database(self, name):
        return self.url.replace("///loader?", f"///{name}?")

    def version(self):
        with psycopg.connect(self.database("postgres")) as administrator:
            return administrator.execute("SHOW server_version").fetchone()[0]

    def fresh_database(self):
        with psycopg.connect(self.database("postgres"), autocommit=True) as administrator:
            administrator.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
            administrator.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
            administrator.execute("CHECKPOINT")
        subprocess.run(["sync"], check=True)
        return self.database(DATABASE)


def filled_columns(library):
    """How many columns of musical_metadata hold something in any row."""
    columns = [
        name
        for (name,) in library.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = 'musical_metadata'"
        )
    ]
    counts = library.execute("SELECT " + ", ".join(f'count("{name}")' for name in columns) + " FROM musical_metadata")
    return sum(count > 0 for count in counts.fetchone())


def contents(archive):
    """Digests of the members that start with MThd, as far as zipfile reads them."""
    found = set()
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            try:
                content = opened.read(info)
            except Exception:
                continue
            if content[:4] == b"MThd":
                found.add(store.digest_of(content))
    return found


def contenders(options, archives, few):
    def loader(level):
        return lambda url, paths: [
            options.loader, "import", "--yes", "--quiet", "--progress", "none", "--mode", "fast", "--analysis", level,
            "--log-file", os.path.join(options.scratch, "import.log"), "--database-url", url, *paths,
        ]

    def script(name, *flags):
        return lambda url, paths: [sys.executable, os.path.join(HERE, name), "--database-url", url, *flags, *paths]

    return [
        Contender("loader, basic", loader("basic"), archives),
        Contender("loader, standard", loader("standard"), archives),
        Contender("zipfile, symusic, COPY, all cores", script("symusic_copy.py"), archives),
        Contender("the same, with 15 indexes", script("symusic_copy.py", "--indexes"), archives),
        Contender("zipfile, mido, executemany, all cores", script("mido_executemany.py"), few),
        Contender("unzip, a loop: symusic, INSERT, commit", script("unzip_loop.py"), few),
    ]


def compare(name, folder, options, server):
    archives = sorted(glob.glob(os.path.join(folder, "*.zip")))
    # The slow ones get the first archives only: their files a second are as good, and nobody waits for an hour.
    count = max(1, round(len(archives) * options.slow_share))
    few = archives[:count] if count < len(archives) else archives
    truth = {archive: contents(archive) for archive in archives}
    sides = contenders(options, archives, few)
    for number in range(1, options.rounds + 1):
        for side in sides:
            side.run(server)
            print(f"{name}, round {number}: {side.name} {side.seconds[-1]:.2f} s", file=sys.stderr)
    everything = set().union(*truth.values()) | sides[0].digests | sides[1].digests
    # Of the first archives: what is in them, and what loader found in them, as far as it is in no other.
    among_few = set().union(*(truth[archive] for archive in few))
    beyond = everything - set().union(*truth.values())
    print(f"\n{name}: {len(archives)} zips, {sum(os.path.getsize(a) for a in archives) / 1e6:.0f} MB, "
          f"{len(everything)} distinct contents; {options.rounds} rounds; PostgreSQL {server.version()}\n")
    print("| | files/s (least – most) | loader basic is times as quick | columns filled | zips | stored | lost |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    reference = sides[0]
    for side in sides:
        expected = everything if side.archives is archives else among_few
        # What only loader finds (junk before the header, RIFF) cannot be told to an archive: left out for the first ones.
        lost = len(expected - side.digests)
        rate = statistics.median(map(side.rate, side.seconds))
        ratios = [reference.rate(own) / side.rate(other) for own, other in zip(reference.seconds, side.seconds)]
        print(f"| {side.name} | {rate:.0f} ({side.rate(max(side.seconds)):.0f} – {side.rate(min(side.seconds)):.0f}) "
              f"| {statistics.median(ratios):.1f} | {side.columns} | {len(side.archives)} "
              f"| {len(expected & side.digests)} of {len(expected)} | {100 * lost / len(expected):.2f} % |")
    if few is not archives and beyond:
        print(f"\n{len(beyond)} contents that do not start with MThd are counted where all zips are read.")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loader", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slow-share", type=float, default=1.0, help="share of the zips that the slow ones read")
    parser.add_argument("--scratch", required=True, help="a folder for logs")
    parser.add_argument("corpora", nargs="+", metavar="NAME=FOLDER", help="folders of zips")
    options = parser.parse_args()
    server = Server(options.loader)
    for corpus in options.corpora:
        name, folder = corpus.split("=", 1)
        compare(name, folder, options, server)


if __name__ == "__main__":
    main()
