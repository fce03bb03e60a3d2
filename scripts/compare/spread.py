"""Members of zips spread over all cores, by zipfile: what the pipelines that use all cores share."""

import argparse
import glob
import json
import multiprocessing
import os
import zipfile

import store

# Members that a process takes at a time: few enough to keep all cores busy to the end.
SHARE = 250


def arguments(about):
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--database-url", required=True, help="an empty database")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes [default: cores]")
    parser.add_argument("--indexes", action="store_true", help="end with those of loader's indexes that the columns permit")
    parser.add_argument("archives", nargs="+", help="zips, or folders of zips")
    return parser.parse_args()


def zips(paths):
    found = []
    for path in paths:
        found += sorted(glob.glob(os.path.join(path, "**", "*.zip"), recursive=True)) if os.path.isdir(path) else [path]
    return found


def shares(archives):
    for archive in archives:
        with zipfile.ZipFile(archive) as opened:
            count = len(opened.infolist())
        for start in range(0, count, SHARE):
            yield archive, start, start + SHARE


_open = (None, None)
_connection = None


def members(share):
    """Name and content of each MIDI member of a share that zipfile can read."""
    global _open
    archive, start, stop = share
    if _open[0] != archive:
        _open = (archive, zipfile.ZipFile(archive))
    for info in _open[1].infolist()[start:stop]:
        if info.is_dir():
            continue
        try:
            content = _open[1].read(info)
        except Exception:
            continue
        if store.is_midi(info.filename, content):
            yield info.filename, content


def by_digest(rows):
    return [rows[digest] for digest in sorted(rows)]


def rows(share, make):
    """Rows by table, sorted by digest, so that two processes never wait for each other; and how many bytes they are of."""
    files, places, metadata, size = {}, [], {}, 0
    for name, content in members(share):
        digest = store.digest_of(content)
        try:
            if digest not in metadata:
                metadata[digest] = make(digest, content)
        except store.Unreadable:
            continue
        size += len(content)
        files[digest] = (digest, len(content))
        places.append((share[0], store.clean(name), digest))
    tables = {"files": by_digest(files), "musical_metadata": by_digest(metadata), "file_locations": places}
    return tables, size


def connection():
    return _connection


def _begin(url):
    global _connection
    _connection = store.connect(url)


def run(about, work):
    """`work` stores a share and returns how many files of how many bytes it stored."""
    options = arguments(about)
    with store.connect(options.database_url) as first:
        store.create(first)
    total, size = 0, 0
    with multiprocessing.Pool(options.jobs, _begin, (options.database_url,)) as pool:
        for files, read in pool.imap_unordered(work, shares(zips(options.archives))):
            total += files
            size += read
    if options.indexes:
        store.index(options.database_url)
    print(json.dumps({"files": total, "bytes": size}))
