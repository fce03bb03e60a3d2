#!/usr/bin/env bash
# Takes the secondary indexes of the library away, as `loader` does for a fast load: journalled and dropped in one
# transaction, so that rebuild-indexes.sh or `loader restore` brings them back exactly. Needs psql only.
set -euo pipefail
# shellcheck source=scripts/database.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/database.sh"

usage() {
    cat <<'HELP'
Usage: scripts/drop-indexes.sh [-d URL] [-y] [--backup FILE]

Drops the secondary indexes of the library, your own on its tables included, after showing them. Unique and other
constraints stay. The journal in the database keeps them for scripts/rebuild-indexes.sh or `loader restore`, and a file of
statements is written first. Waits for whoever reads the tables. With nothing to drop it says so and ends with 0.

  -d, --database-url URL  the library's database [default: DATABASE_URL, PG* variables, or loader's private cluster]
  -y, --yes               do not ask
      --backup FILE       the file of statements [default: ~/.local/state/loader/INDEX_BACKUP.sql]; an earlier one
                          is kept beside it as FILE.~1~ and so on
  -h, --help              this text

Exit status 11: an import is working on the library. 1: nothing was dropped.
HELP
}

url='' assume=no backup=''
while [ $# -gt 0 ]; do
    case $1 in
        -d | --database-url) needs_value "$@"; url=$2; shift ;;
        --backup) needs_value "$@"; backup=$2; shift ;;
        -y | --yes) assume=yes ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; stop 2 "there is no option $1" "see above" ;;
    esac
    shift
done
if [ -z "$backup" ]; then backup=$(state_folder '--backup FILE')/INDEX_BACKUP.sql || exit; fi

choose_database "$url"
open_library drop-indexes.sh

indexes=$(ask "$(statements suspend/suspendable.sql)") || lost
waiting=$(ask "SELECT count(*) FROM loader.suspended_indexes") || lost
if [ -z "$indexes" ]; then
    say "nothing to drop; $waiting indexes wait in the journal for scripts/rebuild-indexes.sh"
    exit 0
fi
say "to be dropped: $(wc -l <<<"$indexes") indexes"
say "$indexes"
agree $assume 'Drop these?' || stop 1 "nothing was dropped" "answer y, or give --yes"

refused() { stop 1 "nothing was dropped: $1" "mend what is said above, then run this again"; }

# The backup is on the disk before the first index goes, and all of it is one transaction: it ends with this session.
ask "BEGIN; SET LOCAL loader.run_id = 0; $(statements suspend/journal.sql)" || refused "the journal could not be written"
lines=$(ask "$(statements suspend/backup.sql)") || refused "the journal could not be read"
store "$backup" --backup=numbered <<<"$lines" || refused "the backup could not be written"
say "backup: $backup"
ask "$(statements suspend/drops.sql) \\gexec
COMMIT" || refused "an index could not be dropped"
say "dropped; to bring them back: scripts/rebuild-indexes.sh"
