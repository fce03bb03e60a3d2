#!/usr/bin/env bash
# Shows what of this system's settings matters to a load, changes it on request, and puts back exactly what was there.
# What was there is on disk before anything is changed. Changes last until the next restart of the machine.
set -euo pipefail

usage() {
    cat <<'HELP'
Usage: scripts/tune-system.sh [--apply | --undo] [--huge-pages N] [--state FILE]

Shows open files, CPU governor, swap, huge pages, dirty pages and disks: what is set, what is recommended, and why. Nothing
is changed unless asked for.

      --apply         changes what differs, as root, after writing the earlier values into the state file
      --undo          puts the earlier values back and removes the state file
      --huge-pages N  reserve N explicit huge pages (PostgreSQL 15 and newer: SHOW shared_memory_size_in_huge_pages)
      --state FILE    [default: $XDG_STATE_HOME/loader/tune-system, else ~/.local/state/loader/tune-system]
  -h, --help          this text

What is not there or not permitted, in a container for instance, is said and left alone. Exit status 1: --undo could not put
everything back; what is left stays in the state file.
HELP
}

say() { printf '%s\n' "$*" >&2; }
stop() { printf 'error: %s\n\nhint: %s\n' "$2" "$3" >&2; exit "$1"; }

action=show pages='' state=''
while [ $# -gt 0 ]; do
    case $1 in
        --apply | --undo)
            if [ "$action" != show ]; then usage >&2; stop 2 "--apply and --undo exclude each other" "one after the other"; fi
            action=${1#--}
            ;;
        --huge-pages | --state)
            if [ $# -lt 2 ]; then usage >&2; stop 2 "$1 needs a value" "see above"; fi
            case $1 in --state) state=$2 ;; *) pages=$2 ;; esac
            shift
            ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; stop 2 "there is no option $1" "see above" ;;
    esac
    shift
done
if ! [[ $pages =~ ^[0-9]{0,7}$ ]]; then stop 2 "--huge-pages $pages is no number of pages" "--huge-pages 1100"; fi
if [ -z "$state" ]; then
    if [ -z "${XDG_STATE_HOME:-${HOME:-}}" ]; then stop 2 "there is no place for the state file: neither XDG_STATE_HOME nor HOME is set" "name one with --state FILE"; fi
    state=${XDG_STATE_HOME:-$HOME/.local/state}/loader/tune-system
fi
# Tests put a made-up tree in front of /proc and /sys.
tree=${LOADER_SYSTEM_ROOT:-}

# --- reading and writing one setting -------------------------------------------------------------------------------

# What is set: a file with a list of choices has the chosen one in brackets.
current() {
    local text
    text=$(cat -- "$tree$1" 2>/dev/null) || return 1
    if [[ $text =~ \[([^]]+)\] ]]; then text=${BASH_REMATCH[1]}; fi
    printf '%s\n' "$text"
}

offers() { [[ " $(tr '\n[]' '   ' 2>/dev/null <"$tree$1") " == *" $2 "* ]]; }

write() {
    local text
    if [ -n "$tree" ] && text=$(grep -F '[' -- "$tree$1"); then
        # The kernel moves the brackets itself; a made-up tree has no kernel.
        text=${text//[][]/}
        text=" $text "
        text=${text/ $2 / [$2] }
        printf '%s\n' "$(xargs <<<"$text")" >"$tree$1"
    else
        printf '%s\n' "$2" 2>/dev/null >"$tree$1"
    fi
}

# --- what is recommended -------------------------------------------------------------------------------------------

# Settings to be changed: path and value, side by side.
paths=() values=()

# A line of the report: name, now, recommended, and below it why and what it brings.
report() {
    printf '%-22s %-14s → %s\n' "$1" "$2" "$3"
    printf '    %s\n' "${@:4}"
}

# setting NAME RECOMMENDED WHY BRINGS PATH…: one value for all of these paths.
setting() {
    local name=$1 wanted=$2 why=$3 brings=$4 path now all='' missing=yes
    shift 4
    for path in "$@"; do
        if ! now=$(current "$path"); then continue; fi
        missing=''
        if [[ ",$all," != *",$now,"* ]]; then all+=${all:+,}$now; fi
        if [ "$now" != "$wanted" ]; then paths+=("$path") values+=("$wanted"); fi
    done
    if [ -n "$missing" ]; then
        absent "$name" "$1"
    elif [ "$all" = "$wanted" ]; then
        report "$name" "$all" "as it is" "$why"
    else
        report "$name" "$all" "$wanted" "$why" "$brings"
    fi
}

# keep NAME NOW WHY…: reported, never changed.
keep() { report "$1" "$2" "as it is" "${@:3}"; }
absent() { printf '%-22s not here (%s): left alone\n' "$1" "$2"; }

open_files() {
    local soft hard
    if ! read -r soft hard < <(sed -n 's/^Max open files *\([^ ]*\) *\([^ ]*\).*/\1 \2/p' "$tree/proc/self/limits" 2>/dev/null); then
        absent "open files" /proc/self/limits
    elif [ "$soft" = unlimited ] || [ "$soft" -ge 4096 ]; then
        keep "open files" "$soft" "Each task and each folder being walked holds a few files open."
    else
        report "open files" "$soft" 4096 "Each task and each folder being walked holds a few files open. It belongs to the shell:" \
            "not changed from here, but by: ulimit -n 4096 (up to $hard). It avoids a failure; it brings no speed."
    fi
}

governor() {
    local path governors=()
    for path in "$tree"/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor; do
        path=${path#"$tree"}
        if [ -e "$tree$path" ] && offers "${path%governor}available_governors" performance; then governors+=("$path"); fi
    done
    if [ ${#governors[@]} -eq 0 ]; then governors=(/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor); fi
    setting "CPU governor" performance "Full clock at once, where a load stops and goes with the disk; costs power." \
        "Speed: not measured." "${governors[@]}"
}

swap() {
    local devices
    if ! devices=$(awk 'NR > 1 { print $1 }' "$tree/proc/swaps" 2>/dev/null); then
        absent swap /proc/swaps
    elif [ -z "$devices" ]; then
        keep swap none "loader bounds its own memory (--memory): a load needs no swap."
    elif grep -q zram <<<"$devices"; then
        keep swap "$(xargs <<<"$devices")" "Swap in compressed memory is quick: swappiness is left as it is."
    else
        keep swap "$(xargs <<<"$devices")" "loader bounds its own memory (--memory): it need not be switched off."
        setting swappiness 10 "Drops cached files, which are read once, before it swaps out the server's memory." \
            "Speed: not measured." /proc/sys/vm/swappiness
    fi
}

huge_pages() {
    setting "transparent huge pages" madvise "Only for programs that ask for them; PostgreSQL's manual discourages \"always\"." \
        "Speed: not measured." /sys/kernel/mm/transparent_hugepage/enabled
    local now
    if ! now=$(current /proc/sys/vm/nr_hugepages); then
        absent "explicit huge pages" /proc/sys/vm/nr_hugepages
    elif [ -z "$pages" ]; then
        keep "explicit huge pages" "$now" "Spare page tables where shared_buffers has gigabytes; take their memory from all else." \
            "Speed: not measured. Only by: --huge-pages N"
    else
        setting "explicit huge pages" "$pages" "As asked for. PostgreSQL takes them when it starts (huge_pages = try)." \
            "Speed: not measured." /proc/sys/vm/nr_hugepages
    fi
}

# at_most NAME PATH LIMIT WHY: lowers a share of memory that is higher.
at_most() {
    local now
    if ! now=$(current "$2"); then
        absent "$1" "$2"
    elif [ "$now" = 0 ]; then
        keep "$1" 0 "A limit in bytes is set instead: left alone."
    elif [ "$now" -le "$3" ]; then
        keep "$1" "$now" "$4"
    else
        setting "$1" "$3" "$4" "Speed: not measured; meant against stalls, not for throughput." "$2"
    fi
}

# at_least NAME PATH LOW WHY: raises what is lower.
at_least() {
    local now
    if ! now=$(current "$2"); then
        absent "$1" "$2"
    elif [ "$now" -ge "$3" ]; then
        keep "$1" "$now" "$4"
    else
        setting "$1" "$3" "$4" "Speed: not measured." "$2"
    fi
}

disks() {
    local folder name scheduler
    for folder in "$tree"/sys/block/*; do
        name=${folder##*/} folder=${folder#"$tree"}
        case $name in loop* | ram* | zram* | dm-* | md* | sr* | fd* | nbd* | '*') continue ;; esac
        if ! scheduler=$(current "$folder/queue/scheduler"); then absent "$name" "$folder/queue/scheduler"; continue; fi
        if [ "$(current "$folder/queue/rotational" || true)" = 1 ]; then
            if offers "$folder/queue/scheduler" mq-deadline; then
                setting "$name scheduler" mq-deadline "A disk that turns: reads are not kept waiting behind a checkpoint's writes." \
                    "Speed: not measured." "$folder/queue/scheduler"
            fi
            at_least "$name read-ahead, kB" "$folder/queue/read_ahead_kb" 4096 "A disk that turns: archives are read from front to back."
        elif [ "$scheduler" = bfq ] && offers "$folder/queue/scheduler" none; then
            setting "$name scheduler" none "Solid state or virtual: bfq spends processor time on fairness." \
                "Speed: not measured." "$folder/queue/scheduler"
        else
            keep "$name scheduler" "$scheduler" "Solid state or virtual: neither this nor read-ahead matters to a load."
        fi
    done
}

recommend() {
    open_files
    governor
    swap
    huge_pages
    at_most "dirty background, %" /proc/sys/vm/dirty_background_ratio 5 "Written pages go to disk early, in small portions, instead of all at a checkpoint."
    at_most "dirty limit, %" /proc/sys/vm/dirty_ratio 20 "Beyond it writers wait for the disk."
    disks
}

# --- the state file ------------------------------------------------------------------------------------------------

# Replaces the state file by standard input, on disk before this returns.
record() {
    cat >"$state.new"
    sync "$state.new"
    mv -- "$state.new" "$state"
    sync "$(dirname -- "$state")"
}

# One at a time: the folder itself is the lock.
lock_state() {
    local folder
    folder=$(dirname -- "$state")
    mkdir -p -- "$folder" || stop 1 "there is no place for the state file $state" "name another with --state FILE"
    exec 9<"$folder"
    flock -n 9 || stop 1 "another tune-system.sh is at work" "wait until it has ended"
}

apply() {
    local i earlier new='' permitted=()
    lock_state
    for i in "${!paths[@]}"; do
        if [ ! -w "$tree${paths[i]}" ]; then say "not permitted, left alone: ${paths[i]}"; continue; fi
        permitted+=("$i")
        # The first value recorded is the one that was there: applying again does not overwrite it.
        if ! cut -f 1 -- "$state" 2>/dev/null | grep -qxF -- "${paths[i]}"; then
            earlier=$(current "${paths[i]}")
            new+=${paths[i]}$'\t'$earlier$'\n'
        fi
    done
    if [ ${#permitted[@]} -eq 0 ]; then
        say "nothing to change"
        return
    fi
    if [ -n "$new" ]; then { cat -- "$state" 2>/dev/null || true; printf '%s' "$new"; } | record; fi
    for i in "${permitted[@]}"; do
        if write "${paths[i]}" "${values[i]}"; then
            # Of huge pages the system gives as many as it can.
            say "changed: ${paths[i]} = $(current "${paths[i]}")"
        else
            say "not permitted, left alone: ${paths[i]}"
        fi
    done
    say "until the next restart; what was there is in $state; to put it back: scripts/tune-system.sh --undo"
}

undo() {
    local path earlier left=''
    if [ ! -e "$state" ]; then say "nothing to put back: there is no $state"; return; fi
    lock_state
    # Nothing else is ever written to.
    if grep -qvE $'^/(proc/sys|sys)/[^\t]*\t[^\t]+$' -- "$state" || grep -qF .. -- "$state"; then
        stop 1 "$state is not a state file of this script" "name the right one with --state FILE"
    fi
    while IFS=$'\t' read -r path earlier; do
        if [ ! -e "$tree$path" ]; then
            say "gone meanwhile: $path"
        elif [ "$(current "$path")" = "$earlier" ]; then
            say "already as before: $path = $earlier"
        elif write "$path" "$earlier" && [ "$(current "$path")" = "$earlier" ]; then
            say "put back: $path = $earlier"
        else
            say "not put back: $path"
            left+=$path$'\t'$earlier$'\n'
        fi
    done <"$state"
    if [ -n "$left" ]; then
        printf '%s' "$left" | record
        stop 1 "not everything was put back" "as root: scripts/tune-system.sh --undo --state $state"
    fi
    rm -- "$state"
    sync "$(dirname -- "$state")"
}

case $action in
    show)
        recommend
        if [ ${#paths[@]} -gt 0 ]; then say "nothing was changed; to change it, as root: scripts/tune-system.sh --apply"; fi
        ;;
    apply) recommend; apply ;;
    undo) undo ;;
esac
