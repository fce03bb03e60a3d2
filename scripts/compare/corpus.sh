# shellcheck shell=bash
# What the scripts that measure stand on: generated collections, made once and kept under target/bench-data, and a server of
# their own. Sourced, after prerequisites.sh.
#
#   own_server PROGRAM          where this program's private cluster lies from now on ($LOADER_DATA_DIR, in $scratch); it is
#                               destroyed and the folder removed when the script ends, however it does
#   sample_zips PROGRAM FILES   the folder of so many files in zips, 28 KB on average, one in fifty damaged, a few copies

sample_zips() {
    # shellcheck disable=SC2154  # prerequisites.sh sets root.
    local folder=$root/target/bench-data/sampled-$2
    if [ ! -d "$folder" ]; then
        say "generating $2 files"
        # At least twenty zips, so that a share of them can be taken.
        "$1" sample "$folder.unfinished" --force --files "$2" --archives zip --mean-size 28000 --duplicates 0.02 \
            --files-per-archive "$(($2 < 20000 ? $2 / 20 + 1 : 1000))" >/dev/null
        mv "$folder.unfinished" "$folder"
    fi
    printf '%s\n' "$folder"
}

own_server() {
    measured_program=$1
    unset DATABASE_URL PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGSERVICE
    scratch=$(mktemp -d)
    chmod 755 "$scratch"
    export LOADER_DATA_DIR=$scratch/cluster
    trap remove_own_server EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

remove_own_server() {
    local status=$?
    if [ -d "$LOADER_DATA_DIR" ]; then
        "$measured_program" db destroy --yes >/dev/null 2>&1 || say "warning: the server in $scratch could not be stopped"
    fi
    rm -rf "$scratch"
    exit "$status"
}
