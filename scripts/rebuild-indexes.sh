#!/usr/bin/env bash
# Brings the library's secondary indexes back, as `loader restore` does, and makes those of the manifest that are missing:
# side by side, the most expensive first; then renews statistics. Needs psql only.
set -euo pipefail
# shellcheck source=scripts/database.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/database.sh"

usage() {
    cat <<'HELP'
Usage: scripts/rebuild-indexes.sh [-d URL] [-j N] [--memory SIZE] [--analyze-only]

Builds what the journal of suspended indexes holds, then what is missing of the 39 of database/indexes.sql, then runs
VACUUM (ANALYZE). What was built goes to stdout. Stopped in the middle, it goes on when it is run again. The tables can
be read meanwhile, not written.

  -d, --database-url URL  the library's database [default: DATABASE_URL, PG* variables, or loader's private cluster]
  -j, --jobs N            indexes at once, no more than the server has cores [default: 2]
      --memory SIZE       maintenance_work_mem of each [default: 512MB]
      --analyze-only      ANALYZE instead of VACUUM (ANALYZE)
  -h, --help              this text

Exit status 0: all 39 stand and are valid, and the journal is empty. 11: an import is working on the library.
HELP
}

url='' jobs=2 memory=512MB refresh='VACUUM (ANALYZE)'
while [ $# -gt 0 ]; do
    case $1 in
        -d | --database-url) needs_value "$@"; url=$2; shift ;;
        -j | --jobs) needs_value "$@"; jobs=$2; shift ;;
        --memory) needs_value "$@"; memory=$2; shift ;;
        --analyze-only) refresh=ANALYZE ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; stop 2 "there is no option $1" "see above" ;;
    esac
    shift
done
if ! [[ $jobs =~ ^[1-9][0-9]?$ ]]; then stop 2 "--jobs $jobs is no number of 1 to 99" "--jobs 2"; fi
if ! [[ $memory =~ ^[0-9]+(kB|MB|GB)$ ]]; then stop 2 "--memory $memory is no size" "--memory 512MB"; fi

choose_database "$url"
open_library rebuild-indexes.sh

scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
# psql gives up what the server is at when it is interrupted; what it has not committed stays in the journal.
interrupted() {
    local builders
    trap '' INT TERM
    builders=$(jobs -rp | grep -vx "$session" || true)
    # shellcheck disable=SC2086  # One word for each.
    if [ -n "$builders" ]; then kill -s INT $builders 2>/dev/null || true; wait $builders || true; fi
    say "stopped; to go on: scripts/rebuild-indexes.sh"
    rm -rf -- "$scratch"
    trap - "$1" EXIT
    kill -s "$1" $$
}
trap 'interrupted INT' INT
trap 'interrupted TERM' TERM

# --- side by side --------------------------------------------------------------------------------------------------

if [ "$jobs" -gt 1 ]; then workers="'0'"; else workers=NULL; fi
settings="PREPARE session (text, text) AS $(statements suspend/session.sql); EXECUTE session ('$memory', $workers)"
running=0
failed=0

# Runs psql with these arguments beside this script, as soon as fewer than --jobs are at work; not after a failure.
beside() {
    await "$((jobs - 1))"
    if [ $failed -ne 0 ]; then return; fi
    exec "${psql[@]}" -c '\o /dev/null' -c "$settings" -c '\o' "$@" </dev/null >>"$scratch/built" &
    running=$((running + 1))
}

# Waits until no more than so many are at work.
await() {
    while [ $running -gt "$1" ]; do
        wait -n || failed=1
        running=$((running - 1))
    done
}

# Waits until none is.
finish() {
    await 0
    if [ $failed -ne 0 ]; then stop 1 "$1" "mend what psql names above, then run the same command again"; fi
}

# --- the journal, the manifest, the statistics ---------------------------------------------------------------------

began=$SECONDS
pending=$(statements suspend/pending.sql)
sql -0 -c "SELECT name FROM ($pending) AS journal" </dev/null >"$scratch/journal" ||
    stop 1 "the journal cannot be read" "mend what psql says above, then run this again"
mapfile -d '' -t names <"$scratch/journal"
say "in the journal: ${#names[@]} indexes"
for name in "${names[@]}"; do
    beside -v name="$name" -v pending="$pending" -f "$root/database/suspend/build.sql"
done
finish "not all indexes of the journal were built"

manifest=$(sed -n 's/^CREATE INDEX IF NOT EXISTS \([a-z0-9_]*\).*/\1/p' "$root/database/indexes.sql")
# Those of the manifest of which the view does not say what follows.
without() {
    ask "SELECT name FROM unnest('{${manifest//$'\n'/,}}'::text[]) AS manifest (name)
          WHERE NOT EXISTS (SELECT FROM loader.secondary_indexes AS present WHERE present.name = manifest.name ${1:-})" || lost
}
missing=$(without)
if [ -n "$missing" ]; then say "missing of the manifest: $(wc -l <<<"$missing") indexes"; fi
for name in $missing; do
    # Each stands in a paragraph of its own, its comment with it.
    awk -v RS= -v name="$name" '$5 == "EXISTS" && $6 == name' "$root/database/indexes.sql" >"$scratch/$name.sql"
    beside -v name="$name" -c 'SET search_path = public' -c BEGIN -f "$scratch/$name.sql" \
        -f "$root/database/suspend/built.sql"
done
finish "not all missing indexes were made"
building=$((SECONDS - began))

for table in musical_metadata file_locations files sources; do beside -c "$refresh public.$table"; done
finish "all indexes are built, but statistics could not be renewed"

# --- what stands ---------------------------------------------------------------------------------------------------

if [ -s "$scratch/built" ]; then
    awk '{ seconds = $NF; sub(/ [^ ]*$/, ""); printf "%-40s %10s s\n", $0, seconds }' "$scratch/built"
fi
waiting=$(ask "SELECT count(*) FROM loader.suspended_indexes") || lost
broken=$(without 'AND present.is_valid')
if [ -n "$broken" ]; then
    stop 1 "not there or not valid: ${broken//$'\n'/, }" "drop what is invalid or something else, then run this again"
fi
if [ "$waiting" != 0 ]; then stop 1 "$waiting indexes wait in the journal" "run the same command again"; fi
all=$(ask "SELECT count(*) FROM loader.secondary_indexes") || lost
required=$(wc -l <<<"$manifest")
say "built $(wc -l <"$scratch/built") indexes in $building s, renewed statistics in $((SECONDS - began - building)) s;" \
    "$required of the manifest and $((all - required)) others stand"
