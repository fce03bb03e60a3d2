#!/usr/bin/env bash
# Builds loader for release guided by a profile: a first build counts what is taken how often while it imports a generated
# collection, a second one is laid out by these counts. Prints where that program lies; target/release stays as it is.
set -euo pipefail
# shellcheck source=scripts/prerequisites.sh
. "$(dirname "${BASH_SOURCE[0]}")/prerequisites.sh"
# shellcheck source=scripts/compare/corpus.sh
. "$root/scripts/compare/corpus.sh"

usage() {
    cat <<'HELP'
Usage: scripts/build-pgo.sh [OPTIONS]

Builds loader with counters, trains it (imports a generated collection at
each level of analysis, and once more unchanged, into a private cluster of
its own that is removed again), and builds it anew by what was counted. The
path of the program that comes of it goes to stdout, all else to stderr.

  --corpus DIR   train with a folder of your own instead: what is imported
                 again and again gains most
  --files N      files of the generated collection [default: 3000]
  --to DIR       where builds and counts go [default: target/pgo]
  -y, --yes      do not ask before something is installed
  -n, --dry-run  only say what would be installed and done
  -h, --help     this text

Needs what a release build needs, PostgreSQL's programs, and llvm-profdata,
which comes with Rust's component llvm-tools. What loader stands on is built
once, loader itself twice: five to ten minutes and some 1.5 GB. RUSTFLAGS of
yours, such as -C target-cpu=native, apply to all of it.

Exit status: 0 built · 1 not, as said · 2 usage
HELP
}

corpus='' files=3000 to='' assume=no
while [ $# -gt 0 ]; do
    case $1 in
        --corpus | --files | --to)
            if [ $# -lt 2 ]; then usage >&2; say; say "error: $1 needs a value"; exit 2; fi
            declare "${1#--}=$2"
            shift
            ;;
        -y | --yes) assume=yes ;;
        -n | --dry-run) assume=only-say ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; say; say "error: there is no option $1"; exit 2 ;;
    esac
    shift
done
case $files in '' | *[!0-9]*) usage >&2; say; say "error: --files needs a number, and $files is none"; exit 2 ;; esac
if [ -n "$corpus" ] && [ ! -d "$corpus" ]; then fail "there is no folder $corpus" "--corpus names a folder of archives and MIDI files"; fi
if [ -n "$corpus" ]; then corpus=$(realpath -- "$corpus"); fi
to=$(realpath -m -- "${to:-$root/target/pgo}")

step() { say; say "== $*"; }

step "What is needed"
want_compiler
want_postgresql
want_rust
install_missing $assume

# The counts are in the format of the compiler's own LLVM, which only a tool of that version is sure to read.
profile_tool() {
    local beside
    beside=$(cd "$root" && rustc --print target-libdir)/../bin/llvm-profdata
    if [ -x "$beside" ]; then printf '%s\n' "$beside"; fi
}

tool=''
if has rustc; then tool=$(profile_tool); fi
if [ -z "$tool" ]; then say "to be installed: Rust's component llvm-tools, for its llvm-profdata (30 MB)"; fi
if [ $assume = only-say ]; then
    say "then: two builds into $to, between them imports of ${corpus:-a generated collection of $files files}"
    exit 0
fi
if [ -z "$tool" ]; then
    has rustup || fail "there is no llvm-profdata of this compiler, and no rustup that could install it" \
        "install Rust by rustup (scripts/quickstart.sh does), or the llvm-tools of your distribution's Rust"
    if [ $assume = no ] && [ -t 0 ] && [ -t 2 ]; then
        read -r -p 'Install this? [Y/n] ' answer
        case $answer in [nN]*) fail "nothing was installed, and counts cannot be merged without it" ;; esac
    fi
    (cd "$root" && rustup component add llvm-tools) >&2 || fail "llvm-tools could not be installed by rustup" "read its message above"
    tool=$(profile_tool)
    if [ -z "$tool" ]; then fail "llvm-tools is installed, and there is no llvm-profdata in it"; fi
fi

# --- building and training -------------------------------------------------------------------------------------------

# Flags for this package alone, so that what it stands on is built once and not three times. Settings of Cargo, the path of
# this program among them, are part of the names of functions, by which counts are found: so both builds have the same.
mkdir -p "$to"
export RUSTC_WORKSPACE_WRAPPER=$to/rustc-with-profile
cat >"$RUSTC_WORKSPACE_WRAPPER" <<'WRAPPER'
#!/bin/sh
exec "$@" ${LOADER_PROFILE_FLAG:+"$LOADER_PROFILE_FLAG"}
WRAPPER
chmod +x "$RUSTC_WORKSPACE_WRAPPER"
export CARGO_TARGET_DIR=$to
built=$to/release/loader
build() {
    # Cargo does not know of the flag, and would find everything built.
    cargo clean --quiet --release --locked --package loader --manifest-path "$root/Cargo.toml"
    LOADER_PROFILE_FLAG=$1 cargo build --release --locked --manifest-path "$root/Cargo.toml" --bin loader >&2
}

step "Building with counters"
build -Cprofile-generate

own_server "$built"
cp "$built" "$scratch/loader"
program=$scratch/loader
measured_program=$program
export LLVM_PROFILE_FILE=$scratch/counts/%m-%p.profraw

if [ -z "$corpus" ]; then
    step "A collection of $files files to train with"
    corpus=$scratch/collection
    # Mostly zips, as collections are; a share of damaged files and of copies, and clutter beside them.
    "$program" sample "$corpus" --files "$files" --mean-size 28000 --archives zip,zip,zip,tar.gz \
        --files-per-archive "$((files / 20 + 1))" --duplicates 0.05 --damaged 0.02 >/dev/null
fi

step "Training"
"$program" db start >/dev/null
# Only what imports do is to be counted, not the making of the collection.
rm -rf "$scratch/counts"
place=$("$program" db url)
train() {
    local level=$1 status=0
    "$program" import --yes --quiet --progress none --analysis "$level" --log-file "$scratch/log" \
        --database-url "${place/\/loader\?/\/training_$level?}" "$corpus" >/dev/null || status=$?
    # 3: some of it was refused, on purpose.
    case $status in 0 | 3) ;; *) fail "the import at --analysis $level ended with status $status" "$(tail -n 3 "$scratch/log")" ;; esac
    say "imported at --analysis $level"
}
# Each level into a database of its own, where all is new to it.
for level in basic standard full; do
    "$program" db psql -q -c "CREATE DATABASE training_$level" >/dev/null
    train $level
done
# And once where nothing has changed.
train standard

profile=$to/counted.profdata
"$tool" merge -o "$profile" "$scratch/counts"

step "Building by the counts"
build "-Cprofile-use=$profile"
say
printf '%s\n' "$built"
