#!/usr/bin/env bash
# For people who do want the files on disk: every archive below some folders, N at a time, each into a folder of its own.
# Only finds loader and a place to write to; the work, the readers and the limits are those of `loader extract`.
set -euo pipefail

usage() {
    cat <<'HELP'
Usage: scripts/parallel-extract-all.sh [-j N] [-t DIR] PATH… [-- FLAGS]

Extracts every archive at or below PATH into DIR/<archive>/, N archives at a time (default: one for each core).
Nothing is written outside DIR, existing files are kept, and running it again goes on where it was stopped.

  -j, --jobs N   archives at once
  -t, --to DIR   where to (default: ./extracted)
  -h, --help     this text

What follows -- goes to `loader extract`, for instance --midi-only or --max-entry-size 64.
Ends with 3 if something was refused; each refusal is a line on stderr.
HELP
}

jobs=()
to=extracted
paths=()
while [ $# -gt 0 ]; do
    case $1 in
        -j | --jobs) jobs=(--jobs "${2:?$1 needs a number}"); shift ;;
        -t | --to) to=${2:?$1 needs a folder}; shift ;;
        -h | --help) usage; exit 0 ;;
        --) shift; break ;;
        -*) usage >&2; printf '\nerror: there is no option %s\n' "$1" >&2; exit 2 ;;
        *) paths+=("$1") ;;
    esac
    shift
done
if [ ${#paths[@]} -eq 0 ]; then usage >&2; exit 2; fi

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
loader=${LOADER:-${CARGO_TARGET_DIR:-$root/target}/release/loader}
if [ ! -x "$loader" ]; then loader=$(command -v loader || true); fi
if [ -z "$loader" ]; then
    printf 'error: loader is neither built nor on the PATH\n\nhint: cargo build --release\n' >&2
    exit 1
fi
exec "$loader" extract "${jobs[@]}" --to "$to" "$@" -- "${paths[@]}"
