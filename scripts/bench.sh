#!/usr/bin/env bash
# Whole imports beside the floor (the same files read, inflated, digested and walked over, without a database) and beside a
# Python pipeline, in turn: modes, writers, threads, batch sizes, levels of analysis. Prints a table and what of the promises
# is kept, and writes both into docs/benchmarks.md.
set -euo pipefail
# shellcheck source=scripts/prerequisites.sh
. "$(dirname "${BASH_SOURCE[0]}")/prerequisites.sh"
# shellcheck source=scripts/pages.sh
. "$root/scripts/pages.sh"
# shellcheck source=scripts/compare/environment.sh
. "$root/scripts/compare/environment.sh"

usage() {
    cat <<'HELP'
Usage: scripts/bench.sh [OPTIONS]

Builds loader for release and measures whole imports into a private cluster
of its own, in turn with the floor and with a Python pipeline (zipfile,
symusic, binary COPY), which it installs into target/compare-environment.
Markdown goes to stdout, progress to stderr. At the promised size it also
replaces the part of docs/benchmarks.md that is its own.

  --files N         MIDI files of the generated corpus [default: 50000]
  --corpus DIR      a folder of your own instead, of zips and bare files
  --rounds N        times that everything is measured [default: 5]
  --only TEXT       only imports whose name contains TEXT
  --quick           2,000 files, one round: whether the harness works
  --profile NAME    build profile [default: bench, which is release]
  --loader FILE     another build of loader
  --without-python  leave the Python pipeline out
  --write           write the page also for a size or corpus of your own
  -h, --help        this text

The corpus is generated once (10 to 120 KB a file, 28 KB on average, in zips
of 1,000) and kept in target/bench-data. Leave the machine alone meanwhile.

Exit status: 0 kept, or too few files to judge by · 1 a promise is broken, or
imports differ in what they store
HELP
}

files='' corpus='' rounds='' only='' quick='' profile=bench program='' python=yes write=''
while [ $# -gt 0 ]; do
    case $1 in
        --files | --corpus | --rounds | --only | --profile | --loader)
            if [ $# -lt 2 ]; then usage >&2; fail "$1 needs a value"; fi
            case $1 in --loader) program=$(realpath -- "$2") ;; *) declare "${1#--}=$2" ;; esac
            shift
            ;;
        --quick) quick=yes ;;
        --without-python) python='' ;;
        --write) write=yes ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; say; say "error: there is no option $1"; exit 2 ;;
    esac
    shift
done
if [ -z "$write" ] && [ -z "$files$corpus$only$quick$program" ] && [ -n "$python" ] && [ "$profile" = bench ]; then write=yes; fi
page=$root/docs/benchmarks.md

options=()
if [ -n "$quick" ]; then files=${files:-2000} rounds=${rounds:-1}; fi
if [ -n "$files" ]; then options+=(--files "$files"); fi
if [ -n "$corpus" ]; then options+=(--corpus "$(realpath -- "$corpus")"); fi
if [ -n "$rounds" ]; then options+=(--rounds "$rounds"); fi
if [ -n "$only" ]; then options+=(--only "$only"); fi
if [ -n "$program" ]; then options+=(--loader "$program"); fi
if [ -n "$python" ]; then
    make_environment
    options+=(--python "$environment/bin/python")
fi
# Servers of one's own would be found by loader first.
unset DATABASE_URL PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGSERVICE LOADER_DATA_DIR

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
described() {
    printf 'date: %s; memory: %s MB; kernel: %s; %s\n' "$(date -u +%F)" \
        "$(awk '/^MemTotal/ { printf "%d", $2 / 1000 }' /proc/meminfo)" "$(uname -sr)" "$(cd "$root" && rustc --version)"
    if [ -n "$python" ]; then printf 'Python: %s\n' "$(describe_environment)"; fi
    printf 'command: scripts/bench.sh%s\n' "${corpus:+ --corpus DIR}${files:+ --files $files}${rounds:+ --rounds $rounds}${only:+ --only $only}${program:+ --loader FILE}$([ "$profile" = bench ] || printf ' --profile %s' "$profile")"
}
described >"$scratch/page"
status=0
cargo bench --locked --quiet --manifest-path "$root/Cargo.toml" --profile "$profile" --bench figures -- end-to-end "${options[@]}" |
    tee "$scratch/table" || status=$?
if ! grep -q '^measured in full$' "$scratch/table"; then fail "it was not measured to its end" "read the message above"; fi
grep -v '^measured in full$' "$scratch/table" | cat "$scratch/page" - | as_part >"$scratch/part"
if [ -n "$write" ]; then
    write_part "$page" scripts/bench.sh <"$scratch/part"
    say "written: docs/benchmarks.md"
else
    say "not written: docs/benchmarks.md is for the promised size; --write writes it all the same"
fi
exit "$status"
