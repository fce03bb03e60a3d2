#!/usr/bin/env bash
# Brings the library's secondary indexes and suspended foreign keys back, as `loader restore` does, and makes the indexes of
# the manifest that are missing: side by side, the most expensive first; then renews statistics. Needs psql only.
set -euo pipefail
# shellcheck source=scripts/database.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/database.sh"
# shellcheck source=scripts/indexes.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/indexes.sh"

usage() {
    cat <<'HELP'
Usage: scripts/rebuild-indexes.sh [-d URL] [-j N] [--memory SIZE] [--analyze-only]

Builds what the journal of suspended indexes holds, then what is missing of the 39 of database/indexes.sql, then puts the
suspended foreign keys back, then runs VACUUM (ANALYZE). What was built goes to stdout. Stopped in the middle, it goes on
when it is run again. The tables can be read meanwhile, not written.

  -d, --database-url URL  the library's database [default: DATABASE_URL, PG* variables, or loader's private cluster]
  -j, --jobs N            indexes at once, no more than the server has cores [default: 2]
      --memory SIZE       maintenance_work_mem of each [default: 512MB]
      --analyze-only      ANALYZE instead of VACUUM (ANALYZE)
  -h, --help              this text

Exit status 0: all 39 stand and are valid, and the journals are empty. 11: an import is working on the library.
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
check_building "$jobs" "$memory"

choose_database "$url"
open_library rebuild-indexes.sh

begin_building "$jobs" "$memory"
began=$SECONDS
build_indexes
add_keys
building=$((SECONDS - began))
renew_statistics "$refresh"

if [ -s "$scratch/indexes" ] || [ -s "$scratch/keys" ]; then
    cat -- "$scratch/indexes" "$scratch/keys" |
        awk '{ seconds = $NF; sub(/ [^ ]*$/, ""); printf "%-40s %10s s\n", $0, seconds }'
fi
broken=$(not_standing)
if [ -n "$broken" ]; then
    stop 1 "not there or not valid: ${broken//$'\n'/, }" "drop what is invalid or something else, then run this again"
fi
waiting=$(($(waiting_of indexes) + $(waiting_of foreign_keys)))
if [ $waiting -ne 0 ]; then stop 1 "$waiting indexes or keys wait in the journal" "run the same command again"; fi
all=$(ask "SELECT count(*) FROM loader.secondary_indexes") || lost
required=$(wc -l <<<"$manifest")
say "built $(built_of indexes) indexes and $(built_of keys) foreign keys in $building s, renewed statistics in" \
    "$((SECONDS - began - building)) s; $required of the manifest and $((all - required)) others stand"
