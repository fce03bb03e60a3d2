#!/usr/bin/env bash
# Imports a large generated collection in one go and prints how quick it was over time, what memory it took, and where the time
# went, as Markdown: what docs/scaling.md is worked out from.
set -euo pipefail
# shellcheck source=scripts/prerequisites.sh
. "$(dirname "${BASH_SOURCE[0]}")/prerequisites.sh"
# shellcheck source=scripts/compare/corpus.sh
. "$root/scripts/compare/corpus.sh"

usage() {
    cat <<'HELP'
Usage: scripts/scale.sh [OPTIONS] [-- ARGUMENTS of loader import]

  --files N       files of the generated collection [default: 1000000]
  --mean-size N   their mean size in bytes [default: 4000]
  --corpus DIR    a collection of your own instead
  --mode MODE     [default: fast]
  --loader FILE   [default: target/release/loader]
  -h, --help      this text

The collection lies in 500 zips under target/bench-data (2 GB by default,
made at the first use in three minutes); the server is a private cluster of its
own. Ends with 1 where the rate of a tenth of the loading is more than 10 %
below the mean, or memory grows beyond 1 GiB.
HELP
}

files=1000000 mean=4000 corpus='' mode=fast program=$root/target/release/loader
while [ $# -gt 0 ]; do
    case $1 in
        --files | --corpus | --mode | --loader | --mean-size)
            if [ $# -lt 2 ]; then usage >&2; fail "$1 needs a value"; fi
            case $1 in --loader) program=$2 ;; --mean-size) mean=$2 ;; *) declare "${1#--}=$2" ;; esac
            shift
            ;;
        -h | --help) usage; exit 0 ;;
        --) shift; break ;;
        *) usage >&2; say; say "error: there is no option $1"; exit 2 ;;
    esac
    shift
done
if [ ! -x "$program" ]; then fail "there is no program $program" "cargo build --release --locked, or --loader FILE"; fi
if [ -z "$corpus" ]; then
    corpus=$root/target/bench-data/scale-$files-of-$mean
    if [ ! -d "$corpus" ]; then
        say "generating $files files of $mean bytes"
        "$program" sample "$corpus.unfinished" --force --files "$files" --mean-size "$mean" --archives zip \
            --duplicates 0.05 --files-per-archive "$((files / 500 + 1))" >/dev/null
        mv "$corpus.unfinished" "$corpus"
    fi
fi

own_server "$program"

"$program" db start >/dev/null
say "importing $corpus"
"$program" import --yes --progress json --json --mode "$mode" --log-file "$scratch/log" "$@" "$corpus" \
    >"$scratch/report" 2>"$scratch/progress" &
import=$!
# A line each second: KiB of memory, then what the processors have done since they started: all, idle, waiting for the disk, stolen
# by other machines of the same host; and KiB that wait to be written.
( while kill -0 $import 2>/dev/null; do
    awk '/^VmRSS:/ { memory = $2 } /^cpu / { for (i = 2; i <= 9; i++) all += $i; idle = $5; disk = $6; stolen = $9 }
         /^Dirty:/ { dirty = $2 } END { if (memory) print memory, all, idle, disk, stolen, dirty }' \
        "/proc/$import/status" /proc/stat /proc/meminfo 2>/dev/null || true
    sleep 1
done ) >"$scratch/machine"
status=0
wait $import || status=$?
case $status in 0 | 3) ;; *) fail "the import ended with $status" "$(tail -n 3 "$scratch/progress")" ;; esac

"$program" db psql -At -F ' ' -c "
    SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class
     WHERE relkind = 'r' AND relname IN ('files', 'musical_metadata', 'file_locations', 'songs', 'song_lookup', 'file_songs')
     ORDER BY 1" >"$scratch/sizes"

python3 - "$scratch" "$mode" <<'PYTHON'
import json, sys
scratch, mode = sys.argv[1:3]
report = json.load(open(f"{scratch}/report"))
machine = [[int(number) for number in line.split()] for line in open(f"{scratch}/machine")]
memory = [line[0] / 1024 for line in machine]
steps = []
for line in open(f"{scratch}/progress"):
    if line.startswith("{"):
        step = json.loads(line)
        if step["phase"] == "loading":
            steps.append((step["seconds"], step["inserted"] + step["duplicate"]))
files = report["inserted"] + report["duplicate"]
names = ["preparing", "loading", "indexes", "checking", "songs"]
print(f"{files:,} files ({report['inserted']:,} contents) of {report['extracted_bytes'] / 1e9:.2f} GB in "
      f"{report['seconds']:.1f} s, mode {mode}: {files / report['seconds']:,.0f} files/s; "
      f"{report['rejected']:,} rejected, {report['not_midi']:,} not MIDI\n")
print("| phase | s |\n|---|---:|")
for name, seconds in zip(names, report["phases"]):
    print(f"| {name} | {seconds:.1f} |")
if len(steps) < 20:
    sys.exit("error: the loading was over before its rate over time could be told\n\nhint: take more files (--files)")
print("\n| tenth of loading | files/s stored | of the mean | MiB of memory | processors idle | wait for the disk | stolen | MiB to be written |")
print("|---|---:|---:|---:|---:|---:|---:|---:|")
first, last = steps[0], steps[-1]

def stored_at(moment):
    """What was stored by then, between two lines of the progress in proportion."""
    after = next((step for step in steps if step[0] >= moment), last)
    before = next((step for step in reversed(steps) if step[0] <= moment), first)
    passed = after[0] - before[0]
    return before[1] + (after[1] - before[1]) * ((moment - before[0]) / passed if passed else 0)

mean = (last[1] - first[1]) / (last[0] - first[0])
worst = 1.0
for tenth in range(10):
    begin = first[0] + (last[0] - first[0]) * tenth / 10
    end = first[0] + (last[0] - first[0]) * (tenth + 1) / 10
    rate = (stored_at(end) - stored_at(begin)) / (end - begin)
    before, after = (machine[min(len(machine) - 1, int(second))] for second in (begin, end))
    spent = max(1, after[1] - before[1])
    idle, disk, stolen = (f"{100 * (after[i] - before[i]) / spent:.0f} %" for i in (2, 3, 4))
    if 0 < tenth < 9:
        worst = min(worst, rate / mean)
    print(f"| {tenth + 1} | {rate:,.0f} | {rate / mean:.2f} | {after[0] / 1024:.0f} | {idle} | {disk} | {stolen} | {after[5] / 1024:.0f} |")
print("\n| table | bytes a content | of it indexes |\n|---|---:|---:|")
for line in open(f"{scratch}/sizes"):
    name, table, indexes = line.split()
    each = report["inserted"]
    print(f"| {name} | {(int(table) + int(indexes)) / each:,.0f} | {int(indexes) / each:,.0f} |")
print(f"\nmost memory: {max(memory):.0f} MiB; the slowest tenth but the first and the last: {worst:.2f} of the mean")
sys.exit(0 if worst >= 0.9 and max(memory) < 1024 else 1)
PYTHON
