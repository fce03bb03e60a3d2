#!/usr/bin/env bash
# Measures everything that docs/benchmarks.md and docs/scaling.md show, one measurement after the other, and writes each into
# its part of the page. What stands around the parts is written by hand.
set -euo pipefail
# shellcheck source=scripts/prerequisites.sh
. "$(dirname "${BASH_SOURCE[0]}")/prerequisites.sh"
# shellcheck source=scripts/pages.sh
. "$root/scripts/pages.sh"

usage() {
    cat <<'HELP'
Usage: scripts/benchmarks.sh [OPTIONS] [PART…]

Measures these parts, all of them by default, and writes docs/benchmarks.md
(and docs/scaling.md) anew, each part with its command, date and machine:

  bench      scripts/bench.sh: whole imports beside the floor and Python
  compare    scripts/compare/run.sh: what people use instead, files lost
  parts      each part by itself, by criterion
  import     100,000 files of 20 KB, modes fast and ludicrous in turn
  modes      ways of storing; the best that can be built, the usual recipe
  archives   the readers beside the bare libraries
  mixed      all kinds of archives at once
  analysis   the levels of analysis beside a bare walk over the events
  memory     the map of known contents
  rescan     41,000 files again, unchanged and changed;  rescan10: 410,000
  check      asking for 41,000 known files;              check10: 410,000
  catalog    6,000 contents in batches and one by one;   catalog10: 60,000
  scale      scripts/scale.sh: a million files in one go

  --quick        small sizes, one round: whether they work; writes nothing
  -h, --help     this text

About two hours on two cores, of which 15 minutes build; 20 GB under target
for the generated collections. Leave the machine alone meanwhile.

Exit status: 0 all promises kept · 1 one is broken, or a part failed: the
others are measured all the same, and the last lines name it · 2 usage
HELP
}

everything=(bench compare parts import modes archives mixed analysis memory rescan rescan10 check check10 catalog catalog10 scale)
choose_parts "$@"
# Servers of one's own would be found by loader first.
unset DATABASE_URL PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGSERVICE LOADER_DATA_DIR

# The command of a part at its promised size, and the same made small.
command_of() {
    case $1${quick:+ small} in
        bench) printf 'scripts/bench.sh' ;;
        'bench small') printf 'scripts/bench.sh --quick' ;;
        compare) printf 'scripts/compare/run.sh' ;;
        'compare small') printf 'scripts/compare/run.sh --quick' ;;
        parts) printf 'cargo bench --bench parts' ;;
        'parts small') printf 'cargo bench --bench parts -- --warm-up-time 0.1 --measurement-time 0.1 reading/digest' ;;
        import) printf 'cargo bench --bench figures -- import --rounds 3 --beside ludicrous' ;;
        'import small') printf 'cargo bench --bench figures -- import --rounds 1 --files 2000' ;;
        modes) printf 'cargo bench --bench figures -- modes' ;;
        'modes small') printf 'cargo bench --bench figures -- modes --rounds 1 --pairs 4000' ;;
        archives) printf 'cargo bench --bench figures -- archives' ;;
        'archives small') printf 'cargo bench --bench figures -- archives --rounds 1 --files 500' ;;
        mixed) printf 'cargo bench --bench figures -- mixed --rounds 2' ;;
        'mixed small') printf 'cargo bench --bench figures -- mixed --rounds 1 --files 2000' ;;
        analysis) printf 'cargo bench --bench figures -- analysis --rounds 7' ;;
        'analysis small') printf 'cargo bench --bench figures -- analysis --rounds 1' ;;
        memory*) printf 'cargo bench --bench figures -- memory' ;;
        rescan) printf 'cargo bench --bench figures -- rescan --rounds 5' ;;
        rescan10) printf 'cargo bench --bench figures -- rescan --files 410000 --archives 2000 --rounds 3' ;;
        rescan*) printf 'cargo bench --bench figures -- rescan --files 2000 --archives 10 --rounds 1' ;;
        check) printf 'cargo bench --bench figures -- check --rounds 5' ;;
        check10) printf 'cargo bench --bench figures -- check --files 410000' ;;
        check*) printf 'cargo bench --bench figures -- check --files 2000 --rounds 1' ;;
        catalog) printf 'cargo bench --bench figures -- catalog' ;;
        catalog10) printf 'cargo bench --bench figures -- catalog --contents 60000 --rounds 1' ;;
        catalog*) printf 'cargo bench --bench figures -- catalog --contents 600 --rounds 1' ;;
        scale) printf 'scripts/scale.sh --mode ludicrous' ;;
        'scale small') printf 'scripts/scale.sh --files 500000' ;;
    esac
}

# Criterion's lines, as a table: the middle of its three estimates, and those around it. What has changed since an earlier run
# is not shown.
criterion_table() {
    printf '| part | time (least – most estimate) | a second |\n|---|---:|---:|\n'
    awk '
        /^[^ ].*\// { name = $0; sub(/ +time:.*/, "", name); is_change = 0 }
        /^ +change:/ { is_change = 1 }
        is_change { next }
        /time: +\[/ { match($0, /\[.*\]/); split(substr($0, RSTART + 1, RLENGTH - 2), time, " ") }
        /thrpt: +\[/ {
            match($0, /\[.*\]/); split(substr($0, RSTART + 1, RLENGTH - 2), rate, " ")
            printf "| %s | %s %s (%s – %s) | %s %s |\n", name, time[3], time[4], time[1], time[5], rate[3], rate[4]
        }'
}

# How many times as long ten times as much takes, by two tables whose rows have the same names: OF COLUMN LESS MORE. The column
# holds seconds, or with `rate` what is done in one.
tenfold() {
    awk -F '|' -v of="$1" -v column="$2" '
        function number(text) { sub(/^ +/, "", text); sub(/ .*/, "", text); return text + 0 }
        /^\|/ { name = $2; gsub(/^ +| +$/, "", name); value = number($column) }
        !/^\|/ || value <= 0 { next }
        FNR == NR { less[name] = value; next }
        name in less {
            times = of == "rate" ? 10 * less[name] / value : value / less[name]
            kept = times <= 11
            broken += !kept
            printf "%s %s: %.1f times as long for ten times as much, 11 allowed\n", kept ? "kept: " : "BROKEN:", name, times
        }
        END { exit broken > 0 }' "$3" "$4"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$root"
program=target/release/loader
say "building loader and what measures it"
cargo build --release --locked --quiet
cargo bench --locked --quiet --no-run --bench figures --bench parts

# Measures one part, prints it, and writes it where it was measured to its end; the two that write their page themselves do so.
measure() {
    local command status=0 page=docs/benchmarks.md ended='^measured in full$' less of
    command=$(command_of "$1")
    say
    say "== $1: $command"
    case $1 in
        bench | compare) $command; return ;;
        parts)
            ${command/bench/bench --locked --quiet} >"$scratch/criterion" || return
            criterion_table <"$scratch/criterion" >"$scratch/table"
            ended='^| .*/'
            ;;
        scale)
            $command --loader "$program" >"$scratch/table" || status=$?
            ended='^most memory' page=docs/scaling.md
            ;;
        *) ${command/bench/bench --locked --quiet} >"$scratch/table" || status=$? ;;
    esac
    if ! grep -q "$ended" "$scratch/table"; then
        cat "$scratch/table"
        say "not measured to its end: the page stays as it was"
        return 1
    fi
    sed -i '/^measured in full$/d' "$scratch/table"
    case $1 in rescan10) of='time 3' ;; check10) of='time 4' ;; catalog10) of='rate 4' ;; *) of='' ;; esac
    if [ -n "$of" ] && [ -z "$quick" ]; then
        less=$scratch/less
        read_part "$page" "scripts/benchmarks.sh ${1%10}" >"$less"
        # shellcheck disable=SC2086  # Two words.
        tenfold $of "$less" "$scratch/table" >"$scratch/times" || status=1
        cat "$scratch/times" >>"$scratch/table"
    fi
    cat "$scratch/table"
    # At a small size nothing is judged.
    if [ -n "$quick" ]; then return; fi
    {
        printf '* %s; %s; rustc %s\n' "$command" "$(date -u +%F)" "$(rustc --version | cut -d ' ' -f 2)"
        if ! grep -q '^processor' "$scratch/table"; then
            printf '* processor: %s, %s cores\n' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)"
        fi
        cat "$scratch/table"
    } | as_part >"$scratch/part"
    write_part "$page" "scripts/benchmarks.sh $1" <"$scratch/part" || return
    say "written: $page"
    return $status
}

failed=()
for part in "${parts[@]}"; do
    measure "$part" || failed+=("$part")
done
say
if [ -n "$quick" ]; then say "not written: the pages are for the promised sizes"; fi
if [ ${#failed[@]} -gt 0 ]; then
    say "broken, or failed: ${failed[*]}"
    exit 1
fi
say "kept: everything that was measured and is judged"
