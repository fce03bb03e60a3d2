# shellcheck shell=bash
# Pages of which a part is written by a script: the part lies between two comments, and all else stays as it is. Sourced.
#
#   write_part PAGE NAME   standard input becomes the part called NAME
#   has_part PAGE NAME     whether the page has it
#   read_part PAGE NAME    the part
#   choose_parts ARGUMENTS…  which parts a command line asks for
#   as_part                standard input as a part: tables with an empty line around each, other lines as a list

# What of $everything is to be measured, by the command line: $parts, and $quick. Calls usage.
# shellcheck disable=SC2034,SC2154  # They are the caller's.
choose_parts() {
    parts=() quick=''
    while [ $# -gt 0 ]; do
        case $1 in
            --quick) quick=yes ;;
            -h | --help) usage; exit 0 ;;
            *)
                case " ${everything[*]} " in
                    *" $1 "*) parts+=("$1") ;;
                    *) usage >&2; say; say "error: there is no part or option $1"; exit 2 ;;
                esac
                ;;
        esac
        shift
    done
    if [ ${#parts[@]} -eq 0 ]; then parts=("${everything[@]}"); fi
}

begin_of() { printf '<!-- begin: written by %s -->' "$1"; }
end_of() { printf '<!-- end: written by %s -->' "$1"; }

has_part() { grep -qxF -- "$(begin_of "$2")" "$1" && grep -qxF -- "$(end_of "$2")" "$1"; }

read_part() { awk -v begin="$(begin_of "$2")" -v end="$(end_of "$2")" '$0 == end { exit } inside { print } $0 == begin { inside = 1 }' "$1"; }

as_part() {
    awk '
        { in_table = /^\|/ }
        !NF { blank = 1; next }
        {
            if (NR > 1 && (in_table != before || in_table && blank)) print ""
            print (in_table || /^\* / ? "" : "* ") $0
            before = in_table; blank = 0
        }'
}

write_part() {
    local page=$1 new part
    if ! has_part "$page" "$2"; then
        printf 'error: %s has no part between the lines %s and %s\n' "$page" "$(begin_of "$2")" "$(end_of "$2")" >&2
        return 1
    fi
    part=$(mktemp) && new=$(mktemp) || return 1
    cat >"$part" || return 1
    if ! awk -v begin="$(begin_of "$2")" -v end="$(end_of "$2")" -v part="$part" '
        $0 == end { inside = 0 }
        !inside { print }
        $0 == begin { inside = 1; print ""; while ((getline line < part) > 0) print line; print "" }
    ' "$page" >"$new" || ! cat "$new" >"$page"; then
        printf 'error: %s could not be written\n' "$page" >&2
        rm -f "$part" "$new"
        return 1
    fi
    rm -f "$part" "$new"
}
