#!/usr/bin/env bash
# Switches the server's fsync and full_page_writes off for loads by hand, and puts back exactly what was there: journalled as
# `loader import --mode ludicrous` does it, so that restore-safety.sh and `loader restore` know. Needs psql only.
set -euo pipefail
# shellcheck source=scripts/database.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/database.sh"
# shellcheck source=scripts/settings.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/settings.sh"

usage() {
    cat <<'HELP'
Usage: scripts/set-fsync.sh off [-d URL] [-y] [--accept-cluster-risk]
       scripts/set-fsync.sh on|status [-d URL]

off     the server no longer waits for the disk (fsync, full_page_writes): a crash of the machine or a loss of power may
        then destroy every database of it. Only for a superuser; refused where the library or the server has anything to
        lose: contents, other databases, standbys, replication slots, an archive.
on      puts back what was there, has everything written to the disk, and verifies it
status  what is in force, and what is to be put back; ends with 13 if anything is

  -d, --database-url URL     the library's database [default: DATABASE_URL, PG* variables, or loader's private cluster]
  -y, --yes                  do not ask
      --accept-cluster-risk  whatever the server has to lose
  -h, --help                 this text

Exit status 1: nothing was changed, or it is not loader's to put back. 11: an import is working on the library.
HELP
}

url='' assume=no accepted=no action=''
while [ $# -gt 0 ]; do
    case $1 in
        -d | --database-url) needs_value "$@"; url=$2; shift ;;
        -y | --yes) assume=yes ;;
        --accept-cluster-risk) accepted=yes ;;
        -h | --help) usage; exit 0 ;;
        on | off | status)
            if [ -n "$action" ]; then usage >&2; stop 2 "$action and $1 cannot both be done" "see above"; fi
            action=$1
            ;;
        *) usage >&2; stop 2 "there is no option $1" "see above" ;;
    esac
    shift
done
if [ -z "$action" ]; then usage >&2; stop 2 "on, off or status?" "see above"; fi

both=fsync,full_page_writes
refused() { stop 1 "nothing was changed: $1" "$2"; }
row() { say "$1: $3"; }

# name|setting|unit|type|context|source|shown|pending_restart, a line for each of both.
standing() { bound modes/settings.sql 'text[]' "'{$both}'" || lost; }
# Those of both whose column $1 is $2, with commas between.
those_with() { standing | awk -F '|' -v column="$1" -v value="$2" '$column == value { print $1 }' | paste -sd ,; }

show_status() {
    local name setting source pending waiting lost_ones file=none
    while IFS='|' read -r name setting _ _ _ source _ pending; do
        if [ "$pending" = t ]; then source+=', another value waits for a restart'; fi
        printf '%-17s %-4s %s\n' "$name" "$setting" "$source"
    done <<<"$(standing)"
    waiting=$(ask "$(statements modes/waiting.sql)") || lost
    while IFS= read -r name; do printf 'journal           %s\n' "$name"; done <<<"${waiting:-nothing to put back}"
    if [ -e "$backup" ]; then file=$backup; fi
    printf 'file              %s\n' "$file"
    lost_ones=$(lost_statements '') || exit
    if [ -n "$waiting$lost_ones" ]; then
        stop 13 "settings of the server are to be put back" \
            "scripts/restore-safety.sh, or these two only: scripts/set-fsync.sh on"
    fi
}

# Ends the script where the server could not have them back, or has too much to lose.
look_around() {
    local found is_superuser is_standby databases standbys slots is_archiving name stake=''
    found=$(ask "$(statements modes/surroundings.sql)") || lost
    IFS='|' read -r is_superuser is_standby databases standbys slots is_archiving _ <<<"$found"
    if [ "$is_superuser" = f ]; then refused "this role is no superuser" "connect as one, or: loader import --mode fast"; fi
    if [ "$is_standby" = t ]; then refused "this server is a standby" "connect to its primary"; fi
    name=$(those_with 6 'command line')
    if [ -n "$name" ]; then refused "the server's command line sets $name, and wins" "start the server without it"; fi
    if [ "$(ask "SELECT current_setting('allow_alter_system', true)")" = off ]; then
        refused "this server's allow_alter_system is off" "ask whoever keeps its configuration"
    fi
    name=$(ask "SELECT name FROM ($(open_settings $both)) AS journal WHERE NOT is_ours") || lost
    if [ -n "$name" ]; then refused "somebody else has set $name meanwhile" "scripts/set-fsync.sh on, then this again"; fi
    sql -c "COPY (SELECT) TO PROGRAM 'sync'" </dev/null ||
        refused "the server cannot run sync, without which this cannot be undone" "put sync into the server's PATH"
    if [ "$databases" != '{}' ]; then stake+="; other databases: ${databases//[\{\}]/}"; fi
    if [ "$standbys" != 0 ]; then stake+="; standbys: $standbys"; fi
    if [ "$slots" != 0 ]; then stake+="; replication slots: $slots"; fi
    if [ "$is_archiving" = t ]; then stake+='; an archive of the log'; fi
    if [ "$(ask "SELECT EXISTS (SELECT FROM files) OR EXISTS (SELECT FROM sources)")" = t ]; then
        stake+='; what the library holds'
    fi
    if [ -z "$stake" ]; then return; fi
    say "at stake: ${stake#; }"
    if [ $accepted = no ]; then refused "that is much to lose" "take a dump, then accept it: --accept-cluster-risk"; fi
}

switch_off() {
    local on name
    on=$(those_with 2 on)
    if [ -z "$on" ]; then
        say "nothing to do: fsync and full_page_writes are off"
        return
    fi
    look_around
    say "to be switched off: $on. Until they are on again, a crash of the machine or a loss of power may destroy every
database of this server, beyond repair. A crash of PostgreSQL alone does not."
    agree $assume 'Switch them off?' || refused "nobody agreed" "answer y, or give --yes"
    take_turn
    # Written down in the database and in the file, both on the disk, before anything is changed.
    for name in ${on//,/ }; do bound modes/plan.sql 'integer, text[], text[]' "0, '{$name}', '{off}'" || lost; done
    if ! write_backup; then
        bound modes/restored.sql 'text[]' "'{$on}'" || lost
        refused "the file $backup could not be written" "make room for it, then run this again"
    fi
    say "what was there: $backup"
    ask "SELECT change FROM ($(open_settings "$on")) AS journal \\gexec" || lost
    ask "$(statements modes/applied.sql)" || lost
    reload_settings
    end_turn
    on=$(those_with 2 on)
    if [ -n "$on" ]; then
        put_back $both || true
        stop 1 "the server goes on with $on as it was" "see what else sets it: SELECT * FROM pg_file_settings"
    fi
    say "switched off; whatever happens meanwhile, to have them on again: scripts/set-fsync.sh on"
}

switch_on() {
    local off
    put_back $both || stop 13 "not everything was put back" "mend what is said above, then run this again"
    off=$(those_with 2 off)
    if [ -n "$off" ]; then
        stop 1 "not switched off by loader, and left as it is: $off" \
            "where ALTER SYSTEM did it: ALTER SYSTEM RESET ${off#*,}; SELECT pg_reload_conf(); else where it is set"
    fi
    say "on: fsync and full_page_writes"
}

choose_database "$url"
if [ "$action" = status ]; then open_session set-fsync.sh; else open_library set-fsync.sh; fi
name_backup
case $action in
    off) switch_off ;;
    on) switch_on ;;
    status) show_status ;;
esac
