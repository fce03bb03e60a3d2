#!/usr/bin/env bash
# The quickest import there is, start to finish: shows what it gives up, asks, runs `loader import --mode ludicrous`, and
# however that ends puts everything back by restore-safety.sh.
set -euo pipefail
# shellcheck source=scripts/database.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/database.sh"

usage() {
    cat <<'HELP'
Usage: scripts/LUDICROUS-SPEED-import.sh [-d URL] [-y] [--keep-mode] [OPTION…] PATH…

Prints the plan, what is changed meanwhile and what can be lost, and asks; then imports, and puts everything back, also
where the import failed, was interrupted or killed. Ctrl-C ends it in order, a second one at once; the same command
goes on. Where power may fail or the machine crash, `loader import --mode fast` is hardly slower and risks nothing.

  -d, --database-url URL  the library's database [default: DATABASE_URL, PG* variables, or loader's private cluster]
  -y, --yes               do not ask
  -n, --dry-run           the plan only
      --keep-mode         leave all as it is at the end, for further imports; then scripts/restore-safety.sh ends it
      --log-file FILE     the log, to be followed with tail -f [default: a file of its own under ~/.local/state/loader]
      OPTION              any other of `loader import`, for instance --accept-cluster-risk, --jobs, --analysis full
  -h, --help              this text

Exit status: that of the import; 13, or that of restore-safety.sh, where not everything could be put back.
HELP
}

assume=no is_dry='' log='' keep=() arguments=()
while [ $# -gt 0 ]; do
    case $1 in
        # By the environment, where nobody reads a password.
        -d | --database-url) needs_value "$@"; export DATABASE_URL=$2; shift ;;
        --database-url=*) export DATABASE_URL=${1#*=} ;;
        -y | --yes) assume=yes ;;
        -n | --dry-run) is_dry=yes ;;
        --keep-mode) keep=(--keep-mode) ;;
        --log-file) needs_value "$@"; log=$2; shift ;;
        --log-file=*) log=${1#*=} ;;
        -m* | --mode | --mode=*) stop 2 "the mode is ludicrous here" "for another one: loader import --mode MODE PATH…" ;;
        -h | --help) usage; exit 0 ;;
        --) arguments+=("$@"); break ;;
        *) arguments+=("$1") ;;
    esac
    shift
done
if [ ${#arguments[@]} -eq 0 ]; then usage >&2; stop 2 "what is to be imported?" "name files, folders or archives"; fi

loader=$(find_loader)
if [ -z "$loader" ]; then stop 1 "there is no loader" "cargo build --release --locked in $root makes it"; fi
if [ -n "$is_dry" ]; then exec "$loader" plan --mode ludicrous "${keep[@]}" "${arguments[@]}"; fi
if [ $assume = no ]; then
    "$loader" plan --mode ludicrous "${keep[@]}" "${arguments[@]}" >&2 || exit
    agree no 'Import like that?' || stop 1 "nothing was done" "answer y, or give --yes"
fi
if [ -z "$log" ]; then log=$(state_folder '--log-file FILE')/logs/ludicrous-$(date +%Y%m%d-%H%M%S)-$$.log || exit; fi
say "to follow it from another terminal: tail -F $log"

# --- the import ----------------------------------------------------------------------------------------------------

# In a process group of its own: each signal reaches it once, through this script, whether it came from the keyboard or not.
importing=''
trap 'kill -s INT $importing 2>/dev/null || true' INT
trap 'kill -s TERM $importing 2>/dev/null || true' TERM HUP
set -m
"$loader" import --mode ludicrous --yes "${keep[@]}" --log-file "$log" "${arguments[@]}" <&0 &
importing=$!
set +m
# A signal ends a wait, not the import.
while kill -0 "$importing" 2>/dev/null; do wait "$importing" || true; done
status=0
wait "$importing" || status=$?

# --- the way back --------------------------------------------------------------------------------------------------

if [ "$status" -eq 2 ]; then
    say "nothing was begun"
elif [ ${#keep[@]} -ne 0 ]; then
    say "left as it is, for further imports; what of the server's settings: scripts/set-fsync.sh status"
    say "to put everything back: scripts/restore-safety.sh"
else
    restored=11
    # The server may need a moment to notice that a loader was killed.
    for pause in 0 1 2 4 8; do
        if [ $restored -ne 11 ]; then break; fi
        sleep $pause
        restored=0
        "$root/scripts/restore-safety.sh" >&2 || restored=$?
        if [ "$status" -eq 11 ]; then break; fi
    done
    case $restored in
        0) ;;
        1[0-3]) status=$restored ;;
        *) status=13 ;;
    esac
fi

trap - INT TERM HUP
case $status in
    130) kill -s INT $$ ;;
    143) kill -s TERM $$ ;;
esac
exit "$status"
