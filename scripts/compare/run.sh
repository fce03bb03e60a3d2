#!/usr/bin/env bash
# Compares loader with what people use instead, on the same zips: files a second, and which files are lost. Installs what
# that takes, runs everything in turn on a private cluster of its own, prints tables, and writes them into docs/benchmarks.md.
set -euo pipefail
# shellcheck source=scripts/prerequisites.sh
. "$(dirname "${BASH_SOURCE[0]}")/../prerequisites.sh"
# shellcheck source=scripts/pages.sh
. "$root/scripts/pages.sh"
# shellcheck source=scripts/compare/environment.sh
. "$root/scripts/compare/environment.sh"
# shellcheck source=scripts/compare/corpus.sh
. "$root/scripts/compare/corpus.sh"

usage() {
    cat <<'HELP'
Usage: scripts/compare/run.sh [OPTIONS]

Runs in turn, on the same zips, each time into a new database:
  loader import --analysis basic, and standard
  Python: zipfile, symusic, binary COPY, on all cores
  Python: zipfile, mido, executemany, on all cores
  unzip, then a loop: symusic, three INSERTs and a commit for each file
What a library lacks of the contents that start with MThd, or that loader
stored, is lost. The corpus is generated, one file in fifty damaged; with
LOADER_CORPUS also the files of real archives, put into zips.

  --files N         files of the generated corpus [default: 20000]
  --corpus DIR      a folder of zips of your own instead
  --rounds N        times that everything is measured [default: 3]
  --slow-share S    share of the zips that mido and the loop are given
                    [default: 0.1]
  --loader FILE     [default: target/release/loader]
  --quick           200 generated files, one round, all zips: whether it
                    works
  --write           write docs/benchmarks.md also for a size or corpus of
                    your own
  -h, --help        this text

  LOADER_CORPUS     a folder of real archives
                    [default: ../shared/corpora/dev, where it is]

Installs unzip (apt-get) and, into target/compare-environment, symusic, mido,
psycopg, numpy and blake3 (pip). About 5 minutes on two cores.
HELP
}

files='' corpus='' rounds='' slow='' program=$root/target/release/loader own='' quick='' write=''
while [ $# -gt 0 ]; do
    case $1 in
        --files | --corpus | --rounds | --slow-share | --loader)
            if [ $# -lt 2 ]; then usage >&2; fail "$1 needs a value"; fi
            case $1 in
                --loader) program=$2 own=yes ;;
                --slow-share) slow=$2 ;;
                *) declare "${1#--}=$2" ;;
            esac
            shift
            ;;
        --quick) quick=yes ;;
        --write) write=yes ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; say; say "error: there is no option $1"; exit 2 ;;
    esac
    shift
done
if [ -z "$write" ] && [ -z "$files$corpus$rounds$quick$slow$own" ]; then write=yes; fi
if [ ! -x "$program" ]; then fail "there is no program $program" "cargo build --release --locked, or --loader FILE"; fi
program=$(realpath -- "$program")
if [ -n "$quick" ]; then files=${files:-200} rounds=${rounds:-1} slow=${slow:-1}; fi
given="${corpus:+ --corpus DIR}${files:+ --files $files}${rounds:+ --rounds $rounds}${slow:+ --slow-share $slow}${own:+ --loader FILE}"
files=${files:-20000} rounds=${rounds:-3} slow=${slow:-0.1}

want_optional unzip unzip
if [ ${#optional_packages[@]} -gt 0 ]; then install_missing yes; fi
has unzip || fail "there is no unzip" "apt-get install unzip"
make_environment
python() { PYTHONDONTWRITEBYTECODE=1 "$environment/bin/python" "$@"; }

# --- the corpora -------------------------------------------------------------------------------------------------------

own_server "$program"

# loader's status 3: some of it was refused, on purpose.
lenient() { local status=0; "$@" || status=$?; [ $status -eq 0 ] || [ $status -eq 3 ] || return $status; }

corpora=()
if [ -n "$corpus" ]; then
    corpora+=("a folder of one's own=$(realpath -- "$corpus")")
else
    generated=$(sample_zips "$program" "$files")
    corpora+=("generated=$generated")
    real=${LOADER_CORPUS:-$root/../shared/corpora/dev}
    if [ -n "$quick" ]; then
        say "NOT COMPARED: real files, because of --quick"
    elif [ -d "$real" ]; then
        say "putting the files of $real into zips"
        lenient "$program" extract --quiet --progress none --log-file "$scratch/extract.log" --to "$scratch/contents" "$real" >/dev/null
        mkdir "$scratch/real"
        python "$root/scripts/compare/pack.py" "$scratch/contents" "$scratch/real"
        corpora+=("real files=$scratch/real")
    else
        say "NOT COMPARED: real files, because there is no folder $real (LOADER_CORPUS names another)"
    fi
fi

# --- the comparison ----------------------------------------------------------------------------------------------------

"$program" db start >/dev/null
{
    printf '* %s, %s cores; memory: %s MB; kernel: %s\n' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
        "$(awk '/^MemTotal/ { printf "%d", $2 / 1000 }' /proc/meminfo)" "$(uname -sr)"
    printf '* %s; Python %s; %s\n' "$("$program" --version)" "$(describe_environment)" \
        "$(unzip -v | head -n 1 | cut -d ',' -f 1 | cut -d ' ' -f 1,2)"
    printf '* command: scripts/compare/run.sh%s; %s\n' "$given" "$(date -u +%F)"
} >"$scratch/part"
python "$root/scripts/compare/compare.py" --loader "$program" --rounds "$rounds" --slow-share "$slow" --scratch "$scratch" "${corpora[@]}" |
    tee -a "$scratch/part"
if [ -n "$write" ]; then
    write_part "$root/docs/benchmarks.md" scripts/compare/run.sh <"$scratch/part"
    say "written: docs/benchmarks.md"
else
    say "not written: docs/benchmarks.md is for the default size; --write writes it all the same"
fi
