#!/usr/bin/env bash
# Finds out where an import's processor time goes, and what analysing one content takes in instructions and allocations, and
# writes it into docs/performance.md. How quick whole imports are is scripts/benchmarks.sh's.
set -euo pipefail
# shellcheck source=scripts/prerequisites.sh
. "$(dirname "${BASH_SOURCE[0]}")/prerequisites.sh"
# shellcheck source=scripts/pages.sh
. "$root/scripts/pages.sh"
# shellcheck source=scripts/compare/corpus.sh
. "$root/scripts/compare/corpus.sh"

usage() {
    cat <<'HELP'
Usage: scripts/performance.sh [OPTIONS] [PART…]

Measures these parts, all of them by default, and writes docs/performance.md
anew, each part with its date:

  import         whole imports of files of 50 KB, at basic and standard:
                 processor time of loader, server and kernel, functions that
                 take most, flame graphs (docs/flamegraphs)
  instructions   of parsing, analysing, encoding one content (callgrind)
  allocations    of analysing one content
  pgo            what a profile-guided build gains (scripts/build-pgo.sh)

  --quick        few files, one round, no pgo: whether they work; writes
                 nothing
  -h, --help     this text

Needs perf (apt-get install linux-perf), which must be allowed to record all
processors, and valgrind. 25 minutes, 15 of them for pgo.
HELP
}

everything=(import instructions allocations pgo)
choose_parts "$@"
if [ -n "$quick" ] && [ $# -eq 1 ]; then parts=(import instructions allocations); fi
page=$root/docs/performance.md
program=$root/target/release/loader
mean=50000 files=20000 rounds=4
if [ -n "$quick" ]; then files=500 rounds=1; fi

cd "$root"
say "building loader"
cargo build --release --locked --quiet
own_server "$program"

# The folder of files of one mean size in zips, without copies.
files_of_50_kb() {
    local folder=$root/target/bench-data/zip-$files-of-$mean-by-1000
    if [ ! -d "$folder" ]; then
        say "generating $files files of $mean bytes"
        "$program" sample "$folder.unfinished" --force --files "$files" --mean-size $mean --archives zip --duplicates 0 \
            --files-per-archive 1000 >/dev/null
        mv "$folder.unfinished" "$folder"
    fi
    printf '%s\n' "$folder"
}

# Imports with PROGRAM at LEVEL into a new database of the private cluster. Some of it is refused on purpose: status 3.
import_with() {
    local by=$1 level=$2 url status=0
    shift 2
    "$program" db psql -q -c 'DROP DATABASE IF EXISTS measured WITH (FORCE)' -c 'CREATE DATABASE measured' >/dev/null ||
        fail "the private cluster made no database to measure with"
    url=$("$program" db url)
    "$@" "$by" import --yes --quiet --json --progress none --mode fast --analysis "$level" --log-file "$scratch/import.log" \
        --database-url "${url/\/loader?//measured?}" "$corpus" >"$scratch/report" || status=$?
    [ $status -eq 0 ] || [ $status -eq 3 ] || fail "the import ended with status $status" "$(tail -n 3 "$scratch/import.log")"
}

described() {
    printf '* %s; %s, %s cores; %s; rustc %s\n' "$(date -u +%F)" "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
        "$(nproc)" "$("$program" db psql -At -c "SELECT 'PostgreSQL ' || current_setting('server_version')")" "$(rustc --version | cut -d ' ' -f 2)"
}

# --- the parts -----------------------------------------------------------------------------------------------------------

# All processors are recorded, so that the server, the kernel and idleness are seen too.
profile_import() {
    perf record -q -a -e cpu-clock -F 499 -o /dev/null true >/dev/null 2>&1 ||
        fail "perf may not record all processors here" "apt-get install linux-perf; sysctl kernel.perf_event_paranoid=-1, or as root"
    corpus=$(files_of_50_kb)
    "$program" db start >/dev/null
    described
    printf '* %s files of %s KB on average in zips, mode fast\n' "$files" $((mean / 1000))
    # Once, so that the archives lie in memory.
    import_with "$program" basic
    local level stored
    for level in basic standard; do
        import_with "$program" "$level" perf record -q -a -e cpu-clock -F 499 -o "$scratch/recorded" --
        stored=$(sed -n 's/.*"inserted": *\([0-9]*\).*/\1/p' "$scratch/report" | head -n 1)
        [ -n "$stored" ] || fail "the import does not say what it stored" "$(head -c 300 "$scratch/report")"
        printf '\n| %s, of both cores | µs a file | where |\n|---:|---:|---|\n' "$level"
        perf report -i "$scratch/recorded" --no-children --sort comm,dso --field-separator '|' 2>/dev/null |
            awk -F "|" '
                /^#/ || NF < 3 { next }
                {
                    share = $1 + 0; comm = $2; dso = $3
                    gsub(/^ +| +$/, "", comm); gsub(/^ +| +$/, "", dso)
                    kernel = dso ~ /kernel|^\[/
                    if (comm == "swapper") what = "nobody: the processors are idle"
                    else if (comm == "postgres") what = kernel ? "PostgreSQL: the kernel for it" : "PostgreSQL"
                    else if (comm ~ /^task-/) what = kernel ? "loader, reading and analysing: the kernel for it" : "loader, reading and analysing"
                    else if (comm ~ /^tokio/) what = kernel ? "loader, rows: the kernel for it" : "loader, rows: encoding, words, sending"
                    else if (comm ~ /^(loader|reader|walk|sqlx)/) what = "loader, all else: listing, starting"
                    else what = "other programs, perf among them"
                    sum[what] += share
                }
                END { for (what in sum) printf "%.1f|%s\n", sum[what], what }' | sort -rn |
            awk -F '|' -v stored="$stored" -v cores="$(nproc)" -v report="$scratch/report" '
                BEGIN { while ((getline line < report) > 0) if (match(line, /"seconds": *[0-9.]+/)) { split(substr(line, RSTART, RLENGTH), part, ":"); seconds = part[2]; break } }
                { printf "| %.1f %% | %.0f | %s |\n", $1, $1 / 100 * seconds * cores / stored * 1e6, $2; rows++ }
                END { exit !rows }' || return
    done
    for level in basic standard; do
        printf '\nFunctions of loader at %s ([picture](flamegraphs/%s.svg)):\n\n' "$level" "$level"
        scripts/flamegraph.sh --name "$level" --loader "$program" --corpus "$corpus" --to "$pictures" --top 20 -- --analysis "$level" || return
    done
}

count_instructions() {
    printf '* %s; 24 generated contents of each kind (benches/instructions.rs); rustc %s\n\n' "$(date -u +%F)" "$(rustc --version | cut -d ' ' -f 2)"
    printf '| part | thousands of instructions a content |\n|---|---:|\n'
    scripts/check-instructions.sh --print >"$scratch/counts" || return
    awk 'NF == 2 { gsub("_", " ", $1); printf "| %s | %.0f |\n", $1, $2 / 24 / 1000 }' "$scratch/counts"
}

count_allocations() {
    printf '* %s; 40 generated contents of each size, after as many that filled the buffers (tests/allocations.rs)\n\n' "$(date -u +%F)"
    cargo test --quiet --locked --test allocations -- --nocapture >"$scratch/allocations" || return
    grep '^|' "$scratch/allocations"
}

compare_guided() {
    local guided level round by
    guided=$(scripts/build-pgo.sh --yes) || return
    corpus=$(files_of_50_kb)
    "$program" db start >/dev/null
    described
    printf '* %s files of %s KB on average in zips, mode fast; %s imports of each in turn\n' "$files" $((mean / 1000)) "$rounds"
    printf '\n| level | processor s of the loader, ordinary | profile-guided | pairs | mean |\n|---|---|---|---|---:|\n'
    for level in basic standard; do
        : >"$scratch/pairs"
        for ((round = 0; round < rounds; round++)); do
            for by in "$program" "$guided"; do
                import_with "$by" "$level" python3 -c '
import resource, subprocess, sys
status = subprocess.run(sys.argv[2:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{used.ru_utime + used.ru_stime:.2f}", file=open(sys.argv[1], "a"))
sys.exit(status)' "$scratch/pairs"
            done
        done
        paste - - <"$scratch/pairs" | awk -v level="$level" '
            { before = before comma $1; after = after comma $2; ratio = $2 / $1; pairs = pairs comma sprintf("%.2f", ratio); sum += ratio; comma = ", " }
            END { printf "| %s | %s | %s | %s | %.3f |\n", level, before, after, pairs, sum / NR }'
    done
}

pictures=$root/docs/flamegraphs
if [ -n "$quick" ]; then pictures=$scratch/pictures; fi
failed=()
for part in "${parts[@]}"; do
    say
    say "== $part"
    case $part in
        import) work=profile_import ;;
        instructions) work=count_instructions ;;
        allocations) work=count_allocations ;;
        pgo) work=compare_guided ;;
    esac
    if $work >"$scratch/part" && [ -s "$scratch/part" ]; then
        cat "$scratch/part"
        if [ -z "$quick" ]; then write_part "$page" "scripts/performance.sh $part" <"$scratch/part"; fi
    else
        failed+=("$part")
    fi
done
say
if [ -n "$quick" ]; then say "not written: docs/performance.md is for the promised size"; fi
if [ ${#failed[@]} -gt 0 ]; then fail "not measured: ${failed[*]}"; fi
