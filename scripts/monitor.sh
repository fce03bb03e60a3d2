#!/usr/bin/env bash
# Watches an import and its PostgreSQL from another terminal, with psql alone: the newest run, rates, what connections wait
# for, index builds, log, checkpoints, cache, sizes, disk. Changes nothing. What is asked is in database/monitor.
set -euo pipefail
# shellcheck source=scripts/database.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/database.sh"

usage() {
    cat <<'HELP'
Usage: scripts/monitor.sh [-d URL] [-n SECONDS | --once]

Shows one screenful every SECONDS until Ctrl-C; plain lines, one look after the other, where stdout is no terminal.

  -d, --database-url URL  the database [default: DATABASE_URL, else PG*, else the private cluster]
  -n, --every SECONDS     time between looks [default: 2]
      --once              one look, then the end; rates need two
  -h, --help              this text

Ends with 10 if no database can be reached, with 12 if it holds no library.
HELP
}

url='' every=2 once=''
while [ $# -gt 0 ]; do
    case $1 in
        -d | --database-url) needs_value "$@"; url=$2; shift ;;
        -n | --every) needs_value "$@"; every=$2; shift ;;
        --once) once=yes ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; stop 2 "there is no option $1" "see above" ;;
    esac
    shift
done
if ! [[ $every =~ ^[0-9]+([.][0-9]+)?$ ]]; then stop 2 "--every $every is no number of seconds" "--every 2"; fi

choose_database "$url"
export LOADER_SQL=$root/database PGAPPNAME='loader monitor'
# Lines are cut by characters, not by bytes.
export LC_ALL=C.UTF-8
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

earlier='{}'

# One line of the screen: a label and a text, from which anything that could steer the terminal is taken.
line() {
    local text
    printf -v text '%-9s %s' "$1" "${2//[[:cntrl:]]/?}"
    printf '%s\n' "${text:0:80}"
}

disk() {
    local directory=$1 size free
    if [ -n "$directory" ] && read -r size free < <(df -h --output=size,avail "$directory" 2>/dev/null | tail -n +2); then
        line disk "$free of $size free where the data lies"
    else
        line disk "cannot be asked: the server is elsewhere, or does not tell this role"
    fi
}

# Sets screen. Fails where the database does not answer; what psql said is then in the file.
look() {
    local answer label text
    answer=$(sql -F $'\t' -v earlier="$earlier" -f "$LOADER_SQL/monitor/screen.sql" 2>"$errors") || return 1
    screen=$(
        line time "$(date '+%Y-%m-%d %H:%M:%S')"
        while IFS=$'\t' read -r label text; do
            case $label in
                =disk) disk "$text" ;;
                =*) ;;
                *) line "$label" "$text" ;;
            esac
        done <<<"$answer"
    )
    case $answer in
        '=missing'*)
            stop 12 "the database ${answer#*$'\t'} holds no library" "name the library's database with -d URL, or make one: loader db migrate"
            ;;
    esac
    earlier=$(sed -n 's/^=marks\t//p' <<<"$answer")
    earlier=${earlier:-'{}'}
}

# What psql says may be several lines; the first one names the cause.
cause() { head -n 1 "$errors"; }

look || stop 10 "the database is not reached, by $origin: $(cause)" "loader db start starts the private cluster; -d URL names another database"
while true; do
    # A terminal shows each look in the place of the last one.
    if [ -z "$once" ] && [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
        printf '\033[H\033[2J%s\n' "$screen"
    else
        printf '%s\n' "$screen"
    fi
    if [ -n "$once" ]; then exit 0; fi
    sleep "$every"
    look || screen=$(line time "$(date '+%Y-%m-%d %H:%M:%S')"; line server "does not answer, asking again: $(cause)")
done
