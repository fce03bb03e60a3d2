#!/usr/bin/env bash
# Puts everything back that modes of loader, or the scripts beside this one, have changed and left: settings of the server,
# unlogged tables, indexes, foreign keys, statistics; then looks whether all is as before. Needs psql only.
set -euo pipefail
# shellcheck source=scripts/database.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/database.sh"
# shellcheck source=scripts/settings.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/settings.sh"
# shellcheck source=scripts/indexes.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/indexes.sh"

usage() {
    cat <<'HELP'
Usage: scripts/restore-safety.sh [-d URL] [-j N] [--memory SIZE]

Does what `loader restore` does, with psql alone: settings of the server as they were, what was made unlogged logged again,
suspended indexes and foreign keys back, VACUUM (ANALYZE) where it is due. Everything comes from the journals in the
database, settings also from the file SETTINGS_BACKUP-….sql where a crash has taken their journal. Prints what it found and
did. Can be run at any time, any number of times; stopped in the middle, it goes on when it is run again.

  -d, --database-url URL  the library's database [default: DATABASE_URL, PG* variables, or loader's private cluster]
  -j, --jobs N            indexes at once, no more than the server has cores [default: 2]
      --memory SIZE       maintenance_work_mem of each [default: 512MB]
  -h, --help              this text

Exit status 0: all is as before. 13: it is not, and the table says what is left. 1: psql failed. 10: no server answers; one
that does not start is mended by `loader restore --data-directory DIR`. 11: an import is working on the library.
HELP
}

url='' jobs=2 memory=512MB
while [ $# -gt 0 ]; do
    case $1 in
        -d | --database-url) needs_value "$@"; url=$2; shift ;;
        -j | --jobs) needs_value "$@"; jobs=$2; shift ;;
        --memory) needs_value "$@"; memory=$2; shift ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; stop 2 "there is no option $1" "see above" ;;
    esac
    shift
done
check_building "$jobs" "$memory"

unreached='start the server, then run this again; one that does not start: loader restore --data-directory DIR'
choose_database "$url"
open_library restore-safety.sh
name_backup
begin_building "$jobs" "$memory"

row() { printf '%-18s %-34s %s\n' "$@"; }
left=() is_changed=''
row what found 'done'

# --- settings ------------------------------------------------------------------------------------------------------

if [ -e "$backup" ]; then file=there; else file=''; fi
changed=$(ask "SELECT count(*) FROM loader.changed_settings WHERE state <> 'restored'") || lost
if [ "$changed" = 0 ] && [ -z "$file" ]; then row settings "none changed" -; fi
put_back '' || left+=(settings)
if [ -n "$file" ] && [ ! -e "$backup" ]; then row "file of settings" there removed; fi
off=$(ask "SELECT string_agg(name, ', ') FROM pg_settings
            WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'") || lost
if [ -n "$off" ] && [ ${#left[@]} -eq 0 ]; then row settings "$off off, not by loader" "left as it is"; fi

# --- unlogged tables -----------------------------------------------------------------------------------------------

# Sets unlogged, journalled, is_emptied.
look() {
    local found
    found=$(ask "$(statements unlogged/standing.sql)") || lost
    IFS='|' read -r unlogged journalled is_emptied <<<"$found"
}

look
if [ "$journalled" != '{}' ]; then
    ask "BEGIN; $(statements unlogged/off.sql) COMMIT" ||
        stop 1 "the tables could not be made logged" "mend what psql says above, then run this again"
    row "unlogged tables" "$(tr , '\n' <<<"$journalled" | wc -l)" "logged again"
    if [ "$is_emptied" = t ]; then row "" "emptied by a crash of the server" "import again what was in them"; fi
    is_changed=yes
    look
    if [ "$journalled" != '{}' ]; then left+=("unlogged tables"); fi
else
    row "unlogged tables" none -
fi
if [ "$unlogged" != '{}' ]; then row "unlogged tables" "${unlogged//[\{\}]/}, not by loader" "left as they are"; fi

# --- indexes, foreign keys, statistics -----------------------------------------------------------------------------

missing=$(without | wc -l)
suspended=$(waiting_of indexes)
build_indexes
broken=$(not_standing)
row indexes "$missing missing, $suspended suspended" "$(built_of indexes) built${broken:+, NOT valid: ${broken//$'\n'/, }}"
keys=$(waiting_of foreign_keys)
add_keys
row "foreign keys" "$keys suspended" "$(built_of keys) back, their rows looked at"
if [ -n "$broken" ] || [ "$(waiting_of indexes)" != 0 ]; then left+=(indexes); fi
if [ "$(waiting_of foreign_keys)" != 0 ]; then left+=("foreign keys"); fi

stale=$(ask "$(statements suspend/stale.sql)" | paste -sd ,)
if [ -n "$stale$is_changed" ] || [ -s "$scratch/indexes" ]; then
    renew_statistics 'VACUUM (ANALYZE)'
    row statistics "${stale:-as before all this}" "VACUUM (ANALYZE)"
else
    row statistics fresh -
fi

if [ ${#left[@]} -ne 0 ]; then
    stop 13 "not everything is as before: $(IFS=,; printf '%s' "${left[*]}")" \
        "mend what the table says, then run this again"
fi
say "everything is as before"
