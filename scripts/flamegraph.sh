#!/usr/bin/env bash
# Records where an import's processor time goes, draws a flame graph of it, and prints the functions that take most, as
# Markdown. The import goes into a private cluster of its own; the server is not recorded.
set -euo pipefail
# shellcheck source=scripts/prerequisites.sh
. "$(dirname "${BASH_SOURCE[0]}")/prerequisites.sh"
# shellcheck source=scripts/compare/corpus.sh
. "$root/scripts/compare/corpus.sh"

usage() {
    cat <<'HELP'
Usage: scripts/flamegraph.sh [OPTIONS] [-- ARGUMENTS of loader import]

Records `loader import` of generated zips with perf (clock samples, which
need no counters of the processor), or counts its instructions with
callgrind where perf may not record, and writes docs/flamegraphs/NAME.svg.
The functions that take most go to stdout as a Markdown table.

  --name NAME     the picture's name [default: import]
  --to DIR        where it goes [default: docs/flamegraphs]
  --loader FILE   [default: target/release/loader]
  --corpus DIR    a folder of your own
  --files N       files of the generated corpus [default: 20000; 200 under
                  callgrind, which takes fifty times as long]
  --callgrind     instructions instead of time: the same on a busy machine
  --top N         functions in the table [default: 25]
  -h, --help      this text

Installs inferno (cargo) into target/tools. One to two minutes, after that.

  scripts/flamegraph.sh --name basic -- --analysis basic
HELP
}

name=import to=$root/docs/flamegraphs program=$root/target/release/loader corpus='' files='' callgrind='' top=25
while [ $# -gt 0 ]; do
    case $1 in
        --name | --to | --loader | --corpus | --files | --top)
            if [ $# -lt 2 ]; then usage >&2; fail "$1 needs a value"; fi
            case $1 in --loader) program=$2 ;; *) declare "${1#--}=$2" ;; esac
            shift
            ;;
        --callgrind) callgrind=yes ;;
        -h | --help) usage; exit 0 ;;
        --) shift; break ;;
        *) usage >&2; say; say "error: there is no option $1"; exit 2 ;;
    esac
    shift
done
if [ ! -x "$program" ]; then fail "there is no program $program" "cargo build --release --locked, or --loader FILE"; fi
program=$(realpath -- "$program")

# perf as a list: where it is, it may still not be permitted.
if [ -z "$callgrind" ] && ! perf record -q -e cpu-clock -o /dev/null true >/dev/null 2>&1; then
    say "perf may not record here (apt-get install linux-perf; kernel.perf_event_paranoid): callgrind counts instead"
    callgrind=yes
fi
if [ -n "$callgrind" ]; then has valgrind || fail "there is no valgrind" "apt-get install valgrind"; fi
inferno=0.12.8
tools=$root/target/tools
if [ "$(cat "$tools/inferno" 2>/dev/null)" != $inferno ]; then
    say "installing inferno $inferno into $tools"
    cargo install --quiet --locked --root "$tools" --version $inferno inferno >&2
    printf '%s\n' $inferno >"$tools/inferno"
fi

# --- the import ------------------------------------------------------------------------------------------------------

own_server "$program"

if [ -n "$callgrind" ]; then files=${files:-200}; fi
if [ -z "$corpus" ]; then corpus=$(sample_zips "$program" "${files:-20000}"); fi
# Another program starts the server, or it would be recorded too.
"$program" db start >/dev/null
import=("$program" import --yes --quiet --progress none --mode fast --log-file "$scratch/import.log" "$@" "$corpus")
status=0
say "recording: loader import --mode fast $*"
if [ -n "$callgrind" ]; then
    valgrind -q --tool=callgrind --callgrind-out-file="$scratch/recorded" "${import[@]}" >/dev/null || status=$?
else
    # The stack is kept with each sample, for release builds have no frame pointers.
    perf record -q -e cpu-clock -F 499 --call-graph dwarf,8192 -o "$scratch/recorded" "${import[@]}" >/dev/null || status=$?
fi
# 3: some of it was refused, on purpose.
if [ $status -ne 0 ] && [ $status -ne 3 ]; then fail "the import ended with status $status"; fi

# --- the picture -----------------------------------------------------------------------------------------------------

# Self cost by function of callgrind's file, as stacks of one: callgrind keeps no stacks.
fold_callgrind() {
    callgrind_annotate --auto=no --tree=none --threshold=99 "$scratch/recorded" 2>/dev/null | sed -n 's/^ *\([0-9,]*\) ([ 0-9.]*%)  [^:]*:\(.*\)$/\2 \1/p' |
        sed -E 's/ \[[^]]*\]//' | awk '{ count = $NF; gsub(",", "", count); sub(/ [0-9,]+$/, ""); gsub(";", ","); print $0, count }'
}
if [ -n "$callgrind" ]; then
    fold_callgrind >"$scratch/folded"
    unit=instructions
else
    perf script --no-inline -i "$scratch/recorded" 2>/dev/null | "$tools/bin/inferno-collapse-perf" --all >"$scratch/folded"
    unit=samples
fi
if [ ! -s "$scratch/folded" ]; then fail "nothing was recorded" "--callgrind counts instructions instead"; fi
mkdir -p "$to"
# Frames of less than a thousandth are not to be seen, and would be half of the file.
"$tools/bin/inferno-flamegraph" --title "loader import --mode fast $*" --countname "$unit" --minwidth 0.1 --hash "$scratch/folded" >"$to/$name.svg"
say "written: $to/$name.svg"

printf '| share of %s | function |\n|---:|---|\n' "$unit"
awk -v top="$top" '
    {
        count = $NF; sub(/ [0-9]+$/, ""); depth = split($0, frames, ";")
        own[frames[depth]] += count; all += count
    }
    END { for (name in own) printf "%.1f %%\t%s\n", 100 * own[name] / all, name }
' "$scratch/folded" | sort -rn | awk -F '\t' -v top="$top" 'NR <= top { printf "| %s | `%s` |\n", $1, $2 }'
