# shellcheck shell=bash
# The generated collections of the scripts that measure: made once, kept under target/bench-data. Sourced, after
# prerequisites.sh.
#
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
