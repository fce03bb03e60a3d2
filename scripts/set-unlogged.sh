#!/usr/bin/env bash
# Makes the library's tables unlogged for loads by hand, and logged again: each way in one transaction, journalled, so that
# restore-safety.sh and `loader restore` know. No mode of loader does this, because it does not pay. Needs psql only.
set -euo pipefail
# shellcheck source=scripts/database.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/database.sh"

usage() {
    cat <<'HELP'
Usage: scripts/set-unlogged.sh on [-d URL] [--risk-rows]
       scripts/set-unlogged.sh off [-d URL]

on   the six tables of contents are no longer in the server's log: a crash of the server empties them. Refused where
     they hold rows, unless --risk-rows is given, and where a logged table of yours refers to them.
off  what was made unlogged by on is logged again; says whether a crash has emptied it meanwhile

With rows in them, tables and indexes are written anew either way: scripts/drop-indexes.sh first, and
scripts/rebuild-indexes.sh at the end, are quicker. Waits for whoever reads the tables.

  -d, --database-url URL  the library's database [default: DATABASE_URL, PG* variables, or loader's private cluster]
      --risk-rows         also where the tables hold rows, which can be imported again
  -h, --help              this text

Exit status 1: nothing was changed. 11: an import is working on the library.
HELP
}

url='' action='' risk=no
while [ $# -gt 0 ]; do
    case $1 in
        -d | --database-url) needs_value "$@"; url=$2; shift ;;
        --risk-rows) risk=yes ;;
        -h | --help) usage; exit 0 ;;
        on | off)
            if [ -n "$action" ]; then usage >&2; stop 2 "$action and $1 cannot both be done" "see above"; fi
            action=$1
            ;;
        *) usage >&2; stop 2 "there is no option $1" "see above" ;;
    esac
    shift
done
if [ -z "$action" ]; then usage >&2; stop 2 "on or off?" "see above"; fi

refused() { stop 1 "nothing was changed: $1" "$2"; }
emptied='a crash of the server has emptied the tables: what was imported before it has to be imported again'

# Sets unlogged, journalled, is_emptied: two arrays as PostgreSQL writes them, t or f.
look() {
    local found
    found=$(ask "$(statements unlogged/standing.sql)") || lost
    IFS='|' read -r unlogged journalled is_emptied <<<"$found"
}

# What it takes, before it is done.
announce() {
    local indexes
    indexes=$(ask "SELECT count(*) FROM loader.secondary_indexes") || lost
    if [ "$1" != 0 ] && [ "$indexes" != 0 ]; then
        say "$indexes indexes are written anew as well; quicker: scripts/drop-indexes.sh first"
    fi
}

choose_database "$url"
open_library set-unlogged.sh
look
contents=$(ask "SELECT count(*) FROM files") || lost
case $action in
    on)
        if [ "$(tr -cd , <<<"$unlogged")" = ,,,,, ]; then
            say "nothing to do: all six tables are unlogged"
            if [ "$is_emptied" = t ]; then say "$emptied"; fi
            exit 0
        fi
        references=$(ask "$(statements unlogged/references.sql)") || lost
        if [ -n "$references" ]; then
            refused "logged tables refer to the library: ${references//$'\n'/, }" \
                "make those tables unlogged, or drop their foreign keys, before"
        fi
        if [ "$(ask "SELECT EXISTS (SELECT FROM files) OR EXISTS (SELECT FROM sources)")" = t ] && [ $risk = no ]; then
            refused "a crash of the server would lose $contents contents" \
                "if what was imported is still there to be imported again: --risk-rows"
        fi
        announce "$contents"
        ask "BEGIN; $(statements unlogged/on.sql) COMMIT" || refused "the server does not do it" "mend what psql says above"
        look
        say "unlogged: ${journalled//[\{\}]/}"
        say "a crash of the server now loses $contents contents, and all that is imported until: scripts/set-unlogged.sh off"
        ;;
    off)
        if [ "$journalled" = '{}' ]; then
            say "nothing to do: the journal has no unlogged tables"
            if [ "$unlogged" != '{}' ]; then say "not by loader, and left as they are: ${unlogged//[\{\}]/}"; fi
            exit 0
        fi
        announce "$contents"
        ask "BEGIN; $(statements unlogged/off.sql) COMMIT" || refused "the server does not do it" "mend what psql says above"
        say "logged again: ${journalled//[\{\}]/}; to have their statistics renewed: scripts/rebuild-indexes.sh"
        if [ "$is_emptied" = t ]; then say "$emptied"; fi
        ;;
esac
