"""unzip onto the disk, then a loop over the files: symusic, three INSERTs and a commit each, in one process."""

import json
import os
import subprocess
import tempfile

import by_symusic
import spread
import store


def main():
    options = spread.arguments(__doc__)
    total, size = 0, 0
    with store.connect(options.database_url) as connection, tempfile.TemporaryDirectory() as scratch:
        store.create(connection)
        for number, archive in enumerate(spread.zips(options.archives)):
            folder = os.path.join(scratch, str(number))
            # 1 and 2: something was wrong with the archive, and the rest is there.
            subprocess.run(["unzip", "-qq", "-o", archive, "-d", folder], check=False, stderr=subprocess.DEVNULL)
            for place, _, names in os.walk(folder):
                for name in names:
                    path = os.path.join(place, name)
                    with open(path, "rb") as file:
                        content = file.read()
                    if not store.is_midi(name, content):
                        continue
                    digest = store.digest_of(content)
                    try:
                        metadata = by_symusic.row(digest, content)
                    except store.Unreadable:
                        continue
                    entry = store.clean(os.path.relpath(path, folder))
                    connection.execute(store.insert("files"), (digest, len(content)))
                    connection.execute(store.insert("musical_metadata"), metadata)
                    connection.execute(store.insert("file_locations"), (archive, entry, digest))
                    connection.commit()
                    total += 1
                    size += len(content)
    print(json.dumps({"files": total, "bytes": size}))


if __name__ == "__main__":
    main()
