"""Puts the files below a folder that start like MIDI, or are named so, into zips of 500, each content once."""

import os
import sys
import zipfile

import store


def main():
    source, target = sys.argv[1:]
    contents = {}
    for place, folders, names in os.walk(source):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(place, name)
            if os.path.islink(path):
                continue
            with open(path, "rb") as file:
                content = file.read()
            if store.is_midi(name, content) and not name.startswith("._"):
                contents.setdefault(store.digest_of(content), content)
    archive = None
    for number, content in enumerate(contents.values()):
        if number % 500 == 0:
            archive = zipfile.ZipFile(os.path.join(target, f"real-{number // 500:04}.zip"), "w", zipfile.ZIP_DEFLATED)
        archive.writestr(f"{number}.mid", content)
        if number % 500 == 499:
            archive.close()
    if archive:
        archive.close()
    print(f"{len(contents)} contents", file=sys.stderr)


if __name__ == "__main__":
    main()
