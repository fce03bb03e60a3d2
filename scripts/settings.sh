# shellcheck shell=bash
# shellcheck disable=SC2154  # psql is that of database.sh.
# Changed settings of the server: put back as the journal says, or the file that is written beside it. Sourced after
# database.sh by scripts that have opened the library. Changes no setting that neither of them names.
#
#   name_backup             sets backup, the file
#   write_backup            makes the file say what the journal does; no file where nothing is to be put back
#   reload_settings         returns when the server has read its configuration anew
#   lost_statements NAMES   those of the file that the journal has lost, of the settings NAME,NAME or '' for all
#   open_settings NAMES     what the journal has to put back of these, as SQL
#   take_turn, end_turn     around all of that: keeps other libraries of the server from changing its settings meanwhile
#   put_back NAMES          puts all of that back; calls row WHAT FOUND DONE for each, and fails where something is left

name_backup() {
    local name
    name=$(ask "$(statements modes/backup_name.sql)") || lost
    backup=$(state_folder)/$name || exit
}

write_backup() {
    local lines is_open
    is_open=$(ask "SELECT EXISTS (SELECT FROM loader.changed_settings WHERE state <> 'restored')") || lost
    if [ "$is_open" = t ]; then
        lines=$(ask "$(statements modes/backup.sql)") || lost
        store "$backup" <<<"$lines"
    elif [ -e "$backup" ]; then
        rm -- "$backup" && sync -- "$(dirname -- "$backup")"
    fi
}

# As in src/server/settings.rs. A session of its own, for ALTER SYSTEM takes no transaction; it ends with this script.
take_turn() {
    local taken
    taken=$(mktemp)
    exec {turn}> >(exec "${psql[@]}" -f - >"$taken")
    printf '%s\n' 'BEGIN; LOCK TABLE pg_catalog.pg_shseclabel IN SHARE UPDATE EXCLUSIVE MODE;' '\echo taken' >&"$turn"
    until [ -s "$taken" ]; do
        kill -0 $! 2>/dev/null || lost
        sleep 0.02
    done
    rm -- "$taken"
}

end_turn() { exec {turn}>&-; }

# What is read after this moment is read after all changes before it.
reload_settings() {
    local moment tries
    moment=$(ask "SELECT clock_timestamp()") || lost
    ask "SELECT pg_reload_conf()" >/dev/null || lost
    for ((tries = 0; tries < 600; tries++)); do
        if [ "$(ask "SELECT pg_conf_load_time() >= '$moment'")" = t ]; then return 0; fi
        sleep 0.05
    done
    stop 1 "the server does not read its configuration anew" \
        "see why, mend it, then run this again: SELECT * FROM pg_file_settings WHERE error IS NOT NULL"
}

open_settings() {
    printf "SELECT * FROM (%s) AS journal WHERE '' = '%s' OR name = ANY (string_to_array('%s', ','))" \
        "$(statements modes/open.sql)" "$1" "$1"
}

lost_statements() {
    local line name written=infinity
    if [ ! -e "$backup" ]; then return 0; fi
    while IFS= read -r line; do
        if [[ $line =~ ^--\ written\ at\ ([^\;\'\\]+)\; ]]; then written=${BASH_REMATCH[1]}; fi
        if [[ $line != ALTER* ]]; then continue; fi
        # Nothing else of the file is ever run. As format('%I') and format('%L') write them.
        if ! [[ $line =~ ^ALTER\ SYSTEM\ (RESET\ ([a-z_]+)|SET\ ([a-z_]+)\ =\ (\ E)?\'([^\'\\]|\'\'|\\\\)*\')\;$ ]]; then
            stop 1 "$backup is not as loader writes it: $line" "put back by hand what it says, then remove it"
        fi
        name=${BASH_REMATCH[2]}${BASH_REMATCH[3]}
        case ,${1:-$name}, in *,"$name",*) ;; *) continue ;; esac
        if [ "$(bound modes/journalled.sql 'text, text' "'$name', '$written'")" = f ]; then
            printf '%s\n' "${line%;}"
        fi
    done <"$backup"
}

put_back() {
    local journal lost_ones names is_left=0
    journal=$(open_settings "$1")
    lost_ones=$(lost_statements "$1") || exit
    names=$(ask "SELECT string_agg(name, ',' ORDER BY name) FROM loader.changed_settings
                  WHERE state <> 'restored' AND ('' = '$1' OR name = ANY (string_to_array('$1', ',')))") || lost
    if [ -z "$names$lost_ones" ]; then write_backup; return; fi
    if [ "$(ask "SELECT current_setting('is_superuser')")" != on ]; then
        row settings "${names:-in $backup}" "NOT put back: only a superuser may"
        return 1
    fi
    local -A found=()
    while IFS='|' read -r name in_force; do
        if [ -n "$name" ]; then found[$name]=$in_force; fi
    done <<<"$(ask "SELECT name, in_force FROM ($journal) AS open")"
    take_turn
    if [ -n "$lost_ones" ]; then ask "${lost_ones//$'\n'/$';\n'}" || lost; fi
    ask "SELECT undo FROM ($journal) AS open WHERE is_ours \\gexec" || lost
    reload_settings
    case $names$lost_ones in
        *fsync* | *full_page_writes*)
            # What was not made to reach the disk meanwhile is made to now, whoever wrote it.
            ask "CHECKPOINT; COPY (SELECT) TO PROGRAM 'sync'" || lost
            ;;
    esac
    verify_journal || is_left=1
    verify_file || is_left=1
    write_backup || is_left=1
    end_turn
    return $is_left
}

# For put_back: looks at what it has done, and closes the rows of the journal for what is as it was.
verify_journal() {
    local rows name is_ours is_as_before setting in_force restored='' is_left=0
    rows=$(ask "SELECT name, is_ours, is_as_before, setting, in_force FROM ($journal) AS open") || lost
    while IFS='|' read -r name is_ours is_as_before setting in_force; do
        if [ -z "$name" ]; then continue; fi
        if [ "$is_ours" = f ]; then
            row "$name" "changed since by somebody else" "left at $in_force"
        elif [ "$is_as_before" = f ]; then
            row "$name" "${found[$name]:-}" "NOT put back: $in_force"
            is_left=1
            continue
        elif [ "$in_force" = "$setting" ]; then
            row "$name" "${found[$name]:-}" "$in_force again"
        else
            row "$name" "${found[$name]:-}" "as configured again: $in_force now, was $setting"
        fi
        restored+=${restored:+,}$name
    done <<<"$rows"
    bound modes/restored.sql 'text[]' "'{$restored}'" || lost
    return $is_left
}

# For put_back: looks at what only the file knew of.
verify_file() {
    local statement name wanted is_left=0
    while IFS= read -r statement; do
        if ! [[ $statement =~ SET\ ([a-z_]+)(\ =\ (.*))?$ ]]; then continue; fi
        name=${BASH_REMATCH[1]} wanted=$(ask "SELECT ${BASH_REMATCH[3]:-''}")
        if [ "$(bound modes/entry.sql text "'$name'")" = "$wanted" ]; then
            row "$name" "in the file alone" "$(ask "SHOW $name") again"
        else
            row "$name" "in the file alone" "NOT put back: $(ask "SHOW $name")"
            is_left=1
        fi
    done <<<"$lost_ones"
    return $is_left
}
