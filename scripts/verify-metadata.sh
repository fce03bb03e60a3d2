#!/usr/bin/env bash
# Compares what the loader finds in real files with what independent libraries find in them, column by column, and
# prints the rates of agreement and the notes recovered from damaged files as Markdown. Fails where they agree too seldom.
set -euo pipefail
# shellcheck source=scripts/prerequisites.sh
. "$(dirname "${BASH_SOURCE[0]}")/prerequisites.sh"

usage() {
    cat <<'HELP'
Usage: scripts/verify-metadata.sh [OPTIONS]

Imports the corpus with --analysis full into a database of its own, which is deleted at the end, and compares its columns with
mido, pretty_midi, symusic, muspy, music21 and numpy. Installs these first, in a virtual environment, after saying so.
Markdown goes to stdout; what is unexplained, to stderr. Takes five to fifteen minutes on two cores.

  --loader FILE      the program to test [default: target/release/loader]
  --files N          files drawn at random to compare all columns of [default: 700]
  --seed N           what they are drawn by [default: 1]
  --environment DIR  the virtual environment [default: target/verify-environment]
  --allow-missing    columns that are null in all rows are no failure
  -h, --help         this text

  LOADER_CORPUS      the folder of real MIDI files [default: ../shared/corpora/dev]

Each check's tolerance, floor and the causes that may explain what does not agree: scripts/verify/checks*.py. Exit status 1: a rate is
below its floor, a disagreement has no cause, or a column is not filled.
HELP
}

# The versions that were tried together; each of them pins nothing of the others by itself. blake3 tells contents apart.
libraries=(
    mido==1.3.3 pretty_midi==0.2.11.post0 symusic==0.6.0 muspy==0.5.0 music21==10.5.1 numpy==2.4.6 blake3==1.0.11
)

cd_free() { local folder=$1; (cd "$folder" && pwd) || fail "there is no folder $folder"; }

loader=$root/target/release/loader
environment=$root/target/verify-environment
files=700
seed=1
more=()
while [ $# -gt 0 ]; do
    case $1 in
        --loader | --files | --seed | --environment)
            if [ $# -lt 2 ]; then usage >&2; say; say "error: $1 needs a value"; exit 2; fi
            declare "${1#--}=$2"
            shift
            ;;
        --allow-missing) more+=(--allow-missing) ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; say; say "error: there is no option $1"; exit 2 ;;
    esac
    shift
done
corpus=$(cd_free "${LOADER_CORPUS:-$root/../shared/corpora/dev}")
if [ ! -x "$loader" ]; then
    fail "there is no program $loader" "cargo build --release --locked, or --loader FILE"
fi
loader=$(realpath "$loader")
# Only a database of this script's own is filled.
unset DATABASE_URL PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGSERVICE

# --- the libraries -------------------------------------------------------------------------------------------------

python=$environment/bin/python
if [ "$(cat "$environment/installed" 2>/dev/null)" != "${libraries[*]}" ]; then
    has python3 || fail "there is no python3" "apt-get install python3 python3-venv"
    say "installing into $environment: ${libraries[*]}"
    python3 -m venv --clear "$environment" || fail "python3 has no venv" "apt-get install python3-venv"
    "$python" -m pip install --quiet --disable-pip-version-check "${libraries[@]}" >&2
    printf '%s\n' "${libraries[*]}" >"$environment/installed"
fi

# --- the library ---------------------------------------------------------------------------------------------------

scratch=$(mktemp -d)
chmod 755 "$scratch"
export LOADER_DATA_DIR=$scratch/cluster
clean_up() {
    local status=$?
    if [ -d "$LOADER_DATA_DIR" ]; then "$loader" db destroy --yes >/dev/null 2>&1 || say "warning: the server in $scratch could not be stopped"; fi
    rm -rf "$scratch"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "importing $corpus"
status=0
"$loader" import --quiet --progress none --analysis full --log-file "$scratch/import.log" "$corpus" >/dev/null || status=$?
# 3: some of it was refused. The corpus holds damaged files on purpose.
if [ $status -ne 0 ] && [ $status -ne 3 ]; then fail "the import ended with status $status"; fi
"$loader" extract --quiet --progress none --log-file "$scratch/extract.log" --to "$scratch/contents" "$corpus" >/dev/null || status=$?
if [ $status -ne 0 ] && [ $status -ne 3 ]; then fail "the extraction ended with status $status"; fi

# --- the comparison ------------------------------------------------------------------------------------------------

PYTHONDONTWRITEBYTECODE=1 "$python" "$root/scripts/verify" --loader "$loader" --query "$root/database/verify/rows.sql" \
    --corpus "$corpus" --extracted "$scratch/contents" --files "$files" --seed "$seed" "${more[@]}"
