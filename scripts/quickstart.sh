#!/usr/bin/env bash
# From a fresh Debian or Ubuntu, machine or container, to a first library: tools, PostgreSQL, release build, a sample
# collection, its import, a first query. Quick when run again.
set -euo pipefail
# shellcheck source=scripts/prerequisites.sh
. "$(dirname "${BASH_SOURCE[0]}")/prerequisites.sh"

usage() {
    cat <<'HELP'
Usage: scripts/quickstart.sh [-y] [-n] [-h]

Installs what is missing (a C compiler, PostgreSQL, Rust) after saying what, builds loader, and imports a generated
sample collection into loader's private cluster. Asks before it installs; does not ask where nobody could answer.
Databases of your own (DATABASE_URL, PG* variables) are left alone.

  -y, --yes      do not ask
  -n, --dry-run  only say what would be installed
  -h, --help     this text
HELP
}

assume=no
while [ $# -gt 0 ]; do
    case $1 in
        -y | --yes) assume=yes ;;
        -n | --dry-run) assume=only-say ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; say; say "error: there is no option $1"; exit 2 ;;
    esac
    shift
done
sample=$root/target/sample
# The build's place, wherever the script is called from.
export CARGO_TARGET_DIR=$root/target
loader=$CARGO_TARGET_DIR/release/loader
# The sample is not for a database that is used for something else.
unset DATABASE_URL PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGSERVICE

step() { say; say "== $*"; }

step "What is needed"
want_compiler
want_postgresql
want_rust
install_missing $assume
if [ $assume = only-say ]; then exit 0; fi

step "Building loader (the first time takes some minutes)"
cargo build --release --locked --manifest-path "$root/Cargo.toml"

step "A sample collection"
if [ -e "$sample.complete" ]; then
    say "it is there already: $sample"
else
    "$loader" sample "$sample" --force >&2
    touch "$sample.complete"
fi

step "Importing it"
# A library that holds something of yours gets no made-up music.
"$loader" db migrate
others=$("$loader" db psql -XAtq -v sample="$sample/" -f - <<<"SELECT count(*) FROM sources WHERE NOT starts_with(path, :'sample')")
if [ "$others" -gt 0 ]; then
    say "the private cluster holds a library of yours already; the sample is not added to it"
else
    status=0
    "$loader" import "$sample" || status=$?
    # 3: some of it was refused. The sample holds damaged files on purpose.
    if [ $status -ne 0 ] && [ $status -ne 3 ]; then exit $status; fi
fi

step "A first question: how long, how fast and in which keys is the music?"
psql "$("$loader" db url)" -X -f - <<'SQL'
SELECT key, count(*) AS files, round(avg(duration_sec)) AS mean_seconds,
       round(avg(tempo_bpm)) AS mean_bpm, sum(n_notes) AS notes
  FROM musical_metadata
 GROUP BY key
 ORDER BY files DESC, key
 LIMIT 8;
SQL

cat >&2 <<NEXT

loader works. What next:
  export PATH="$CARGO_TARGET_DIR/release:\$PATH"
  loader rejects                    what was refused in the sample, and why
  loader db psql                    ask it more
  loader db destroy --yes           begin again without the sample
  loader import ~/midi packs/*.zip  your own collection
NEXT
