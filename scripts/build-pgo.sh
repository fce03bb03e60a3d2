#!/usr/bin/env bash
# Builds the program with what a real import has shown the compiler: which branches are taken and which functions are hot
# (profile-guided optimisation), by cargo-pgo.
set -euo pipefail
# shellcheck source=scripts/prerequisites.sh
. "$(dirname "${BASH_SOURCE[0]}")/prerequisites.sh"
# shellcheck source=scripts/compare/corpus.sh
. "$root/scripts/compare/corpus.sh"

usage() {
    cat <<'HELP'
Usage: scripts/build-pgo.sh [OPTIONS]

Builds an instrumented program, lets it import a collection into a private
cluster of its own, and builds the program again with what was learned.
The path of the result goes to stdout. Five to ten minutes on two cores.

  --corpus DIR  the collection to learn from: zips and files like those that
                will be imported [default: generated zips]
  --files N     files of the generated collection [default: 4000]
  -h, --help    this text

Installs cargo-pgo (cargo) into target/tools, and the compiler's
llvm-tools (rustup). docs/benchmarks.md tells what it gains.
HELP
}

corpus='' files=4000
while [ $# -gt 0 ]; do
    case $1 in
        --corpus | --files)
            if [ $# -lt 2 ]; then usage >&2; fail "$1 needs a value"; fi
            declare "${1#--}=$2"
            shift
            ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; say; say "error: there is no option $1"; exit 2 ;;
    esac
    shift
done
cd "$root"
export CARGO_TARGET_DIR=$root/target
want_rust
install_missing yes

pgo=0.3.0
tools=$root/target/tools
if [ "$(cat "$tools/cargo-pgo-version" 2>/dev/null)" != $pgo ]; then
    say "installing cargo-pgo $pgo into $tools"
    cargo install --quiet --locked --root "$tools" --version $pgo cargo-pgo >&2
    printf '%s\n' $pgo >"$tools/cargo-pgo-version"
fi
if command -v rustup >/dev/null; then rustup component add llvm-tools >&2; fi
export PATH=$tools/bin:$PATH

target=$(rustc -vV | sed -n 's/^host: //p')
program=$CARGO_TARGET_DIR/$target/release/loader
say "building the program that learns"
cargo pgo build -- --locked --bin loader >&2

unset DATABASE_URL PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGSERVICE
scratch=$(mktemp -d)
chmod 755 "$scratch"
export LOADER_DATA_DIR=$scratch/cluster
clean_up() {
    local status=$?
    if [ -d "$LOADER_DATA_DIR" ]; then "$program" db destroy --yes >/dev/null 2>&1 || say "warning: the server in $scratch could not be stopped"; fi
    rm -rf "$scratch"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -z "$corpus" ]; then corpus=$(sample_zips "$program" "$files"); fi
say "learning from an import of $corpus"
for level in basic standard; do
    status=0
    "$program" import --yes --quiet --progress none --mode fast --analysis "$level" --log-file "$scratch/import.log" "$corpus" ||
        status=$?
    case $status in 0 | 3) ;; *) fail "the import ended with $status" "read $scratch/import.log" ;; esac
    "$program" db destroy --yes >/dev/null
done
say "building the program with what was learned"
cargo pgo optimize build -- --locked --bin loader >&2
printf '%s\n' "$program"
