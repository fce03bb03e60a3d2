# shellcheck shell=bash
# Which library a script works on, and the one session that holds its lock meanwhile. Sourced by the scripts that work
# with psql alone; the SQL files they share with loader stand under database/. Changes nothing in the database.
#
#   choose_database [URL]   the flag, DATABASE_URL, PG* variables, loader's private cluster
#   open_session NAME       connects as NAME and checks the schema
#   open_library NAME       the same, and takes the library's lock
#   ask SQL                 what that session answers, one row a line
#   bound FILE TYPES VALUES runs a file of SQL that has parameters, as loader does
#   agree YES QUESTION      whether a person agrees; not asked where YES is yes
#   store FILE [OPTION…]    standard input under that name, all of it on the disk; OPTIONs go to mv

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# As in src/server/lock.rs.
library_lock=7813570962337693697
# What helps where no server answers; a script may know better.
unreached='mend what psql says above; loader db start starts the private cluster'
# Ends each answer of the session.
answered="-- answered $$ --"

say() { printf '%s\n' "$*" >&2; }

# Ends with status $1, having said what is wrong and what helps.
stop() {
    printf 'error: %s\n\nhint: %s\n' "$2" "$3" >&2
    exit "$1"
}

# For a flag's value: misuse "$@" where there is none.
needs_value() { if [ $# -lt 2 ]; then usage >&2; stop 2 "$1 needs a value" "see above"; fi; }

statements() { cat -- "$root/database/$1"; }

# The loader that is installed, else the one that was built here; nothing where there is neither.
find_loader() { command -v loader || command -v "${CARGO_TARGET_DIR:-$root/target}/release/loader" || true; }

agree() {
    local answer
    if [ "$1" = yes ]; then return 0; fi
    if [ ! -t 0 ] || [ ! -t 2 ]; then stop 2 "there is nobody to ask" "--yes goes on without asking"; fi
    read -r -p "$2 [y/N] " answer
    case $answer in [yY]*) ;; *) return 1 ;; esac
}

# Where loader keeps what is to outlive it; $1 is an option that names another place, if there is one.
state_folder() {
    local state=${XDG_STATE_HOME:-}
    if [[ $state != /* ]]; then state=${HOME:+$HOME/.local/state}; fi
    if [[ $state != /* ]]; then
        stop 2 "there is no place to keep a file: neither XDG_STATE_HOME nor HOME is set" "set one of them${1:+, or use $1}"
    fi
    printf '%s\n' "$state/loader"
}

store() {
    local folder new
    folder=$(dirname -- "$1")
    mkdir -p -- "$folder" && new=$(mktemp -- "$1.XXXXXX") || return 1
    if cat >"$new" && sync -- "$new" && mv "${@:2}" -- "$new" "$1" && sync -- "$folder"; then return 0; fi
    rm -f -- "$new"
    return 1
}

choose_database() {
    local url=${1:-} loader
    if [ -n "$url" ]; then
        origin=--database-url
    elif [ -n "${DATABASE_URL:-}" ]; then
        url=$DATABASE_URL origin=DATABASE_URL
    elif [ -n "${PGHOST:-}${PGHOSTADDR:-}${PGPORT:-}${PGDATABASE:-}${PGUSER:-}${PGSERVICE:-}" ]; then
        url='postgresql://' origin='the PG* variables'
    else
        loader=$(find_loader)
        if [ -z "$loader" ]; then
            stop 2 "no database is named, and there is no loader to ask for its private cluster" \
                "--database-url postgresql://USER@HOST/DATABASE, or DATABASE_URL, or PGHOST and the like"
        fi
        url=$("$loader" db url) || stop 10 "loader's private cluster could not be reached" "$unreached"
        origin='the private cluster'
    fi
    case $url in
        postgres://* | postgresql://*) ;;
        *) stop 2 "$origin is no database URL" \
            "write it as postgresql://USER@HOST:PORT/DATABASE, the password in ~/.pgpass or PGPASSWORD" ;;
    esac
    command -v psql >/dev/null || stop 1 "there is no psql" "apt-get install postgresql-client"
    hide_password "$url"
    psql=(psql -X -A -t -q -v ON_ERROR_STOP=1 -d "$database")
    export PGCLIENTENCODING=UTF8 PGCONNECT_TIMEOUT=${PGCONNECT_TIMEOUT:-10}
}

# Arguments of programs are there for everyone to read, their environment is not: a URL's password goes there.
hide_password() {
    local password=''
    database=$1
    if [[ $database =~ ^([a-z]+://[^/?@:]*):([^/?@]*)@(.*)$ ]]; then
        password=${BASH_REMATCH[2]} database=${BASH_REMATCH[1]}@${BASH_REMATCH[3]}
    fi
    if [[ $database =~ ^(.*[?&])password=([^&]*)\&?(.*)$ ]]; then
        password=${BASH_REMATCH[2]} database=${BASH_REMATCH[1]}${BASH_REMATCH[3]}
    fi
    if [ -n "$password" ]; then
        password=${password//\\/\\\\}
        PGPASSWORD=$(printf '%b' "${password//%/\\x}")
        export PGPASSWORD
    fi
}

# psql as all scripts want it: no start-up file, bare rows, the first error ends it.
sql() { "${psql[@]}" "$@"; }

open_session() {
    local shown
    export PGAPPNAME=$1
    sql -c '' </dev/null || stop 10 "the database is not reached, by $origin" "$unreached"
    coproc SESSION { exec "${psql[@]}" -f -; }
    # shellcheck disable=SC2034  # For scripts that end what they run beside it.
    session=$SESSION_PID
    # Copies that stay when the session ends, and that whatever runs beside the script holds too: where the script is
    # killed, the lock is held until that is done.
    exec {to_session}>&"${SESSION[1]}" {from_session}<&"${SESSION[0]}"
    trap : PIPE
    ask "$(statements settings/session.sql)" >/dev/null || lost
    shown=$(ask "SELECT format('%s as %s on %s', current_database(), current_user,
                               coalesce(host(inet_server_addr()), 'this machine'))") || lost
    say "database: $shown, by $origin"
    if [ "$(ask "SELECT to_regclass('loader.secondary_indexes') IS NOT NULL")" != t ]; then
        stop 12 "this database holds no library" "name the library's database, or make one: loader db migrate"
    fi
    if [ "$(ask "SELECT to_regclass('loader.changed_settings') IS NOT NULL")" != t ]; then
        stop 12 "this library was made by an earlier version of loader" "loader db migrate"
    fi
}

open_library() {
    local is_ours
    open_session "$1"
    is_ours=$(ask "SELECT pg_try_advisory_lock($library_lock)") || lost
    if [ "$is_ours" != t ]; then locked; fi
}

# Says who holds the lock, as far as this role may see it.
locked() {
    local holder pid='' name role client since whom=''
    holder=$(bound settings/lock_holder.sql bigint "$library_lock")
    IFS='|' read -r pid name role client since <<<"$holder" || true
    if [ -n "$pid" ]; then
        whom=": ${name:-unnamed program}, server process $pid"
        whom+=${role:+, as $role}${client:+, from $client}${since:+, since $since}
    fi
    stop 11 "another import is working on this library$whom" "wait until it has ended (loader status shows it)"
}

lost() { stop 1 "the session that holds the library's lock ended" "mend what psql says above, then run this again"; }

ask() {
    local line
    printf '%s\n;\n\\echo %s\n' "$1" "$answered" >&"$to_session" || return 1
    while IFS= read -r line <&"$from_session"; do
        if [ "$line" = "$answered" ]; then return 0; fi
        printf '%s\n' "$line"
    done
    return 1
}

bound() { ask "PREPARE bound ($2) AS $(statements "$1"); EXECUTE bound ($3); DEALLOCATE bound"; }
