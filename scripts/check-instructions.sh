#!/usr/bin/env bash
# Counts the instructions that parsing, analysing and encoding a fixed set of files takes, by callgrind, and compares them
# with the counts that are kept. Instructions, not seconds: the same on a busy machine. What it says NOT COMPARED about is
# not known to be as it was.
set -euo pipefail
# shellcheck source=scripts/prerequisites.sh
. "$(dirname "${BASH_SOURCE[0]}")/prerequisites.sh"

usage() {
    cat <<'HELP'
Usage: scripts/check-instructions.sh [--renew] [OPTIONS]

Builds benches/instructions.rs as an optimised program, runs it under
valgrind, and compares each part's instructions with
benches/instructions.toml. More than 5 % of growth is a failure, unless
CHANGELOG.md has a line for it under [Unreleased]:

  * instructions: PART COUNT because REASON

where COUNT is the new count, to 1 %. One to two minutes.

  --renew           write the new counts into the file; refused for a part
                    that has grown without its line
  --counts FILE     counts measured before (PART COUNT on each line)
                    instead of measuring
  --print           measure, print PART COUNT lines, compare nothing
  --recorded FILE   the counts that are kept
                    [default: benches/instructions.toml]
  --changelog FILE  [default: CHANGELOG.md]
  -h, --help        this text

Exit status: 0 no part has grown · 1 one has, or the kept counts are of
another compiler than rust-toolchain.toml names · 4 NOT COMPARED: another
compiler, processor or target than the counts are of, or no valgrind
HELP
}

misuse() { usage >&2; fail "$1"; }

renew='' print='' counts=''
recorded=$root/benches/instructions.toml
changelog=$root/CHANGELOG.md
while [ $# -gt 0 ]; do
    case $1 in
        --renew) renew=yes ;;
        --print) print=yes ;;
        --counts | --recorded | --changelog)
            if [ $# -lt 2 ]; then misuse "$1 needs a file"; fi
            declare "${1#--}=$2"
            shift
            ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; say; say "error: there is no option $1"; exit 2 ;;
    esac
    shift
done

# How much a part may grow, and how far it may be from the count that its line names, in percent.
growth=5
slack=1

not_compared() {
    say "NOT COMPARED: the instructions of parsing, analysing and encoding, because $1"
    say "hint: $2"
    exit 4
}

# What a file of counts says of itself; nothing where there is none yet.
value() { if [ -e "$recorded" ]; then sed -n "s/^$1 *= *\"\(.*\)\"/\1/p" "$recorded" | head -n 1; fi; }

# --- what they are counted with --------------------------------------------------------------------------------------

described=$(cd "$root" && rustc -vV) || fail "there is no rustc" "scripts/quickstart.sh installs Rust"
compiler=$(sed -n 's/^release: //p' <<<"$described")
target=$(sed -n 's/^host: //p' <<<"$described")
pinned=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' "$root/rust-toolchain.toml")
renewal="scripts/check-instructions.sh --renew counts anew; then commit benches/instructions.toml"
if [ -z "$print" ] && [ -z "$renew" ]; then
    if [ ! -e "$recorded" ]; then fail "there are no counts to compare with: $recorded" "$renewal"; fi
    if [ "$recorded" = "$root/benches/instructions.toml" ] && [ "$(value rustc)" != "$pinned" ]; then
        fail "NOT COMPARED: the kept instruction counts are of rustc $(value rustc), and rust-toolchain.toml names $pinned" "$renewal"
    fi
    if [ "$(value rustc)" != "$compiler" ]; then
        not_compared "the counts are of rustc $(value rustc) and this is $compiler" "rustup toolchain install $(value rustc)"
    fi
    if [ "$(value target)" != "$target" ]; then
        not_compared "the counts are of $(value target) and this is $target" "run it where the counts were made"
    fi
fi

# --- counting ----------------------------------------------------------------------------------------------------------

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The package itself as for a release, but without link-time optimisation; all else as the tests build it, so that only the
# package is built again. A given target-cpu would count other instructions.
build() {
    unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS CARGO_PROFILE_DEV_OPT_LEVEL
    local options=() setting
    for setting in opt-level=3 codegen-units=1 debug-assertions=false overflow-checks=false incremental=false; do
        options+=(--config "profile.dev.package.loader.$setting")
    done
    cargo build --locked --manifest-path "$root/Cargo.toml" --bench instructions "${options[@]}" \
        --message-format=json-render-diagnostics | sed -n 's/.*"executable":"\([^"]*\/instructions-[^"]*\)".*/\1/p'
}

# The inclusive cost of each function counted_…: the lines of its block, those of its calls included.
inclusive() {
    awk '
        /^fn=/ { part = ""; if (sub(/^fn=.*instructions::counted_/, "")) part = $0 }
        part != "" && /^[0-9+*-]+ [0-9]+$/ { cost[part] += $2 }
        END { for (part in cost) printf "%s %.0f\n", part, cost[part] }
    ' "$1" | sort
}

count() {
    local program parts
    program=$(build)
    if [ -z "$program" ]; then fail "benches/instructions.rs could not be built" "read cargo's message above"; fi
    say "counting the instructions of $(basename "$program")"
    # The parts do the same in any surroundings; these are the same too.
    env -i valgrind -q --tool=callgrind --callgrind-out-file="$scratch/callgrind.out" --compress-strings=no \
        --compress-pos=no --dump-line=no "$program" >"$scratch/done" 2>"$scratch/valgrind" ||
        fail "valgrind could not run it: $(tail -n 3 "$scratch/valgrind")" "valgrind --tool=callgrind $program says more"
    parts=$(awk '$1 != "built-for" { print $1 }' "$scratch/done" | sort)
    inclusive "$scratch/callgrind.out" >"$scratch/counts"
    if [ "$parts" != "$(cut -d ' ' -f 1 "$scratch/counts")" ]; then
        fail "not every part was counted: $(tr '\n' ' ' <"$scratch/counts")" "each needs a function counted_PART of its own in benches/instructions.rs"
    fi
}

if [ -n "$counts" ]; then
    cp "$counts" "$scratch/counts"
    built_for=$(value built-for)
else
    if ! has valgrind; then not_compared "valgrind is not here" "apt-get install valgrind"; fi
    count
    built_for=$(sed -n 's/^built-for //p' "$scratch/done")
fi
if [ -n "$print" ]; then
    cat "$scratch/counts"
    exit
fi
if [ -z "$renew" ] && [ "$(value built-for)" != "$built_for" ]; then
    not_compared "the counts are of a build for $(value built-for) and this is one for $built_for" "build without a target-cpu of your own"
fi

# --- comparing ---------------------------------------------------------------------------------------------------------

# What the change log allows: the lines of its section Unreleased.
allowed() {
    sed -n '/^## \[Unreleased\]/,/^## \[[^U]/p' "$changelog" |
        sed -n "s/^\* instructions: $1 \([0-9,]*\) because ..*/\1/p" | tr -d ',' | tail -n 1
}

if [ ! -e "$recorded" ]; then recorded_before=/dev/null; else recorded_before=$recorded; fi
kept() { sed -n "s/^$1 *= *\([0-9_]*\)$/\1/p" "$recorded_before" | tr -d '_'; }

is_comparable=yes
if [ "$(value rustc)" != "$compiler" ] || [ "$(value target)" != "$target" ]; then is_comparable=''; fi

grown=() shrunk=() new=()
printf '| part | kept | now | change | |\n|---|---:|---:|---:|---|\n'
while read -r part now; do
    before=$(kept "$part")
    if [ -z "$before" ]; then
        new+=("$part")
        printf '| %s | | %s | | new |\n' "$part" "$now"
        continue
    fi
    change=$(awk -v a="$before" -v b="$now" 'BEGIN { printf "%+.2f %%", 100 * (b - a) / a }')
    verdict='kept'
    if [ $((now * 100)) -gt $((before * (100 + growth))) ]; then
        line=$(allowed "$part")
        if [ -z "$is_comparable" ]; then
            verdict="another compiler"
        elif [ -n "$line" ] && [ $((now * 100)) -le $((line * (100 + slack))) ] && [ "$line" -le $((now + now / 100)) ]; then
            verdict="grown, as the change log says"
        else
            verdict="GROWN"
            grown+=("$part $now")
        fi
    elif [ $((now * 100)) -lt $((before * (100 - growth))) ]; then
        verdict='shrunk'
        shrunk+=("$part")
    fi
    printf '| %s | %s | %s | %s | %s |\n' "$part" "$before" "$now" "$change" "$verdict"
done <"$scratch/counts"

# A part that is no longer there is not one that did not grow.
while read -r part; do
    if [ -z "$renew" ] && ! grep -q "^$part " "$scratch/counts"; then
        fail "the part $part has kept counts and was not counted" "$renewal"
    fi
done < <(sed -n '/^\[counts\]/,$ s/^\([a-z_]*\) *=.*/\1/p' "$recorded_before")

if [ ${#grown[@]} -gt 0 ]; then
    say "more than $growth % more instructions than are kept in $(basename "$recorded")."
    say "If that is worth it, say so under [Unreleased] in CHANGELOG.md:"
    for line in "${grown[@]}"; do say "  * instructions: $line because …"; done
    fail "code has grown slower: ${grown[*]}" "scripts/flamegraph.sh shows where instructions go; $renewal"
fi
if [ -z "$renew" ]; then
    if [ ${#new[@]} -gt 0 ]; then fail "NOT COMPARED: nothing is kept of ${new[*]}" "$renewal"; fi
    if [ ${#shrunk[@]} -gt 0 ]; then say "fewer instructions: ${shrunk[*]}. $renewal, so that this is kept"; fi
    say "no part has grown by more than $growth %, or the change log says why"
    exit
fi
{
    cat <<HEAD
# Instructions of the parts of benches/instructions.rs: written by scripts/check-instructions.sh --renew, compared by
# scripts/check-instructions.sh, which scripts/test.sh runs. Counts of another compiler or target are other counts.
rustc = "$compiler"
target = "$target"
built-for = "$built_for"
valgrind = "$(valgrind --version 2>/dev/null | sed 's/^valgrind-//')"
libc = "$(getconf GNU_LIBC_VERSION 2>/dev/null | cut -d ' ' -f 2)"

[counts]
HEAD
    awk '{ printf "%s = %s\n", $1, $2 }' "$scratch/counts"
} >"$scratch/recorded"
cat "$scratch/recorded" >"$recorded"
say "written: $recorded"
