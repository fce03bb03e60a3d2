# shellcheck shell=bash
# shellcheck disable=SC2154  # root, psql and session are those of database.sh.
# Brings the library's indexes and foreign keys back, side by side, as `loader restore` does. Sourced after database.sh by
# scripts that have opened the library. A failure ends the script; what was committed stays, and the next run goes on.
#
#   check_building JOBS MEMORY  whether these can be meant: how many at once, with how much memory each
#   begin_building JOBS MEMORY  first of all
#   build_indexes               those of the journal, then those of the manifest that are missing
#   add_keys                    the foreign keys of the journal, all their rows looked at
#   renew_statistics COMMAND    VACUUM (ANALYZE) or ANALYZE of the four tables
#   built_of indexes|keys       how many were built
#   waiting_of indexes|foreign_keys  how many wait in the journal
#   not_standing                indexes of the manifest that are missing or not valid

tables_of_indexes='musical_metadata file_locations files sources'
manifest=$(sed -n 's/^CREATE INDEX IF NOT EXISTS \([a-z0-9_]*\).*/\1/p' "$root/database/indexes.sql")

check_building() {
    if ! [[ $1 =~ ^[1-9][0-9]?$ ]]; then stop 2 "--jobs $1 is no number of 1 to 99" "--jobs 2"; fi
    if ! [[ $2 =~ ^[0-9]+(kB|MB|GB)$ ]]; then stop 2 "--memory $2 is no size" "--memory 512MB"; fi
}

begin_building() {
    local workers=NULL
    most=$1 running=0 failed=0
    if [ "$most" -gt 1 ]; then workers="'0'"; fi
    settings="PREPARE session (text, text) AS $(statements suspend/session.sql); EXECUTE session ('$2', $workers)"
    scratch=$(mktemp -d)
    touch "$scratch/indexes" "$scratch/keys"
    trap 'rm -rf -- "$scratch"' EXIT
    trap 'interrupted INT' INT
    trap 'interrupted TERM' TERM
}

# psql gives up what the server is at when it is interrupted; what it has not committed stays in the journal.
interrupted() {
    local builders
    trap '' INT TERM
    builders=$(jobs -rp | grep -vx "$session" || true)
    # shellcheck disable=SC2086  # One word for each.
    if [ -n "$builders" ]; then kill -s INT $builders 2>/dev/null || true; wait $builders || true; fi
    say "stopped; to go on: scripts/${0##*/}"
    rm -rf -- "$scratch"
    trap - "$1" EXIT
    kill -s "$1" $$
}

# --- side by side --------------------------------------------------------------------------------------------------

# Runs psql with these arguments beside this script, as soon as fewer than allowed are at work; not after a failure. What
# it prints is what it built of the kind $1.
beside() {
    await "$((most - 1))"
    if [ "$failed" -ne 0 ]; then return; fi
    exec "${psql[@]}" -c '\o /dev/null' -c "$settings" -c '\o' "${@:2}" </dev/null >>"$scratch/$1" &
    running=$((running + 1))
}

# Waits until no more than so many are at work.
await() {
    while [ "$running" -gt "$1" ]; do
        wait -n || failed=1
        running=$((running - 1))
    done
}

# Waits until none is.
finish() {
    await 0
    if [ "$failed" -ne 0 ]; then stop 1 "$1" "mend what psql names above, then run the same command again"; fi
}

# --- the journal, the manifest, the statistics ---------------------------------------------------------------------

build_indexes() {
    local pending name names missing
    pending=$(statements suspend/pending.sql)
    sql -0 -c "SELECT name FROM ($pending) AS journal" </dev/null >"$scratch/journal" ||
        stop 1 "the journal cannot be read" "mend what psql says above, then run this again"
    mapfile -d '' -t names <"$scratch/journal"
    say "in the journal: ${#names[@]} indexes"
    for name in "${names[@]}"; do
        beside indexes -v name="$name" -v pending="$pending" -f "$root/database/suspend/build.sql"
    done
    finish "not all indexes of the journal were built"
    missing=$(without)
    if [ -n "$missing" ]; then say "missing of the manifest: $(wc -l <<<"$missing") indexes"; fi
    for name in $missing; do
        # Each stands in a paragraph of its own, its comment with it.
        awk -v RS= -v name="$name" '$5 == "EXISTS" && $6 == name' "$root/database/indexes.sql" >"$scratch/$name.sql"
        beside indexes -v name="$name" -c 'SET search_path = public' -c BEGIN -f "$scratch/$name.sql" \
            -f "$root/database/suspend/built.sql"
    done
    finish "not all missing indexes were made"
}

# All of them stand before the rows of the first are looked at: from then on, whatever is written keeps them.
add_keys() {
    local pending name table
    if [ "$(waiting_of foreign_keys)" = 0 ]; then return; fi
    pending=$(statements suspend/keys_pending.sql)
    ask "SET search_path = ''; SELECT adding FROM ($pending) AS journal WHERE adding IS NOT NULL \\gexec
SET search_path = public" || stop 1 "a foreign key could not be added" "mend what psql says above, then run this again"
    sql -z -0 -c "SELECT table_name, name FROM ($pending) AS journal" </dev/null >"$scratch/journal" ||
        stop 1 "the journal cannot be read" "mend what psql says above, then run this again"
    while IFS= read -r -d '' table && IFS= read -r -d '' name; do
        beside keys -v table="$table" -v name="$name" -v pending="$pending" -f "$root/database/suspend/keys_build.sql"
    done <"$scratch/journal"
    finish "not all foreign keys were brought back"
}

renew_statistics() {
    local table
    for table in $tables_of_indexes; do beside statistics -c "$1 public.$table"; done
    finish "all indexes are built, but statistics could not be renewed"
}

# --- what stands ---------------------------------------------------------------------------------------------------

# Those of the manifest of which the view does not say what follows.
without() {
    ask "SELECT name FROM unnest('{${manifest//$'\n'/,}}'::text[]) AS manifest (name)
          WHERE NOT EXISTS (SELECT FROM loader.secondary_indexes AS present
                             WHERE present.name = manifest.name ${1:-})" || lost
}

built_of() { wc -l <"$scratch/$1"; }
not_standing() { without 'AND present.is_valid'; }
waiting_of() { ask "SELECT count(*) FROM loader.suspended_$1" || lost; }
