#!/usr/bin/env bash
# Runs every fuzz target for a while, one after the other, and says how often each was executed. What a target is given
# first is a small archive of its kind, where this machine can pack one.
set -euo pipefail
# shellcheck source=scripts/prerequisites.sh
. "$(dirname "${BASH_SOURCE[0]}")/prerequisites.sh"

usage() {
    cat <<'HELP'
Usage: scripts/fuzz.sh [SECONDS] [TARGET…]

Fuzzes each TARGET [default: all of them] for SECONDS [default: 60]. Needs the nightly compiler (rustup toolchain install
nightly) and cargo-fuzz (cargo install cargo-fuzz). Ends with 1 if anything was found; the input is kept in fuzz/artifacts.
HELP
}

case ${1:-} in -h | --help) usage; exit 0 ;; esac
seconds=${1:-60}
case $seconds in '' | *[!0-9]*) usage >&2; exit 2 ;; esac
shift || true
cd "$root"
cargo +nightly fuzz --version >/dev/null 2>&1 ||
    fail "the nightly compiler or cargo-fuzz is not here" "rustup toolchain install nightly && cargo install cargo-fuzz"
if [ $# -gt 0 ]; then targets=("$@"); else mapfile -t targets < <(cargo +nightly fuzz list); fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Small archives of one short piece, by whatever tool is here; a target without a seed begins with nothing.
seed() {
    local target=$1 seeds=fuzz/corpus/$1
    mkdir -p "$seeds"
    printf 'MThd\0\0\0\6\0\0\0\1\0\140MTrk\0\0\0\14\0\220\100\100\140\200\100\0\0\377\57\0' >"$work/a.mid"
    cp "$work/a.mid" "$work/ü.mid"
    (
        cd "$work"
        rm -f seed.*
        case $target in
            zip) zip -q seed.zip a.mid ü.mid ;;
            tar) tar -cf seed.tar a.mid ü.mid ;;
            gzip) gzip -c a.mid >seed.gz ;;
            bzip2) bzip2 -c a.mid >seed.bz2 ;;
            xz) xz -c a.mid >seed.xz ;;
            lzma) xz --format=lzma -c a.mid >seed.lzma ;;
            zstd) zstd -q -c a.mid >seed.zst ;;
            lz4) lz4 -q -c a.mid >seed.lz4 ;;
            sevenzip) 7z a seed.7z a.mid ü.mid ;;
            rar)
                # Of each kind one stored file of one byte: the target puts the checksums right.
                printf 'Rar!\32\7\0\0\0\163\0\0\15\0\0\0\0\0\0\0\0\0\164\0\200\45\0\1\0\0\0\1\0\0\0\3\0\0\0\0\0\0\0\0\35\60\5\0\244\201\0\0a.midM' >seed.4
                printf 'Rar!\32\7\1\0\0\0\0\0\3\1\0\0\0\0\0\0\16\2\2\1\0\1\44\0\1\5a.midM' >seed.5
                ;;
            lzh) printf '\33\0-lh0-\1\0\0\0\1\0\0\0\0\0\0\0 \0\5a.mid\0\0M\0' >seed.lzh ;;
            midi) cp a.mid seed.mid ;;
            names) printf 'a.mid\nf\201r.mid\n\202\263\202\255\202\347.mid\n' >seed.txt ;;
        esac
    ) >/dev/null 2>&1 || true
    find "$work" -name 'seed.*' -exec cp {} "$seeds" \;
}

failed=0
for target in "${targets[@]}"; do
    seed "$target"
    log=$work/$target.log
    # Without the address sanitizer: the readers are safe Rust, and what is asserted is found several times as fast.
    if cargo +nightly fuzz run --sanitizer none "$target" -- \
        -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1024 -max_len=65536 -print_final_stats=1 >"$log" 2>&1; then
        printf '%-10s %12s executions, peak %s MB\n' "$target" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")"
    else
        failed=1
        printf '%-10s FAILED\n' "$target"
        grep -A 4 -E 'panicked at|ERROR: libFuzzer' "$log" >&2 || true
        grep -E '^\s*(fuzz/artifacts|cargo fuzz run)' "$log" >&2 || true
    fi
done
exit "$failed"
