# shellcheck shell=bash
# The Python libraries of the pipelines that loader is compared with, in a virtual environment. Sourced, after
# prerequisites.sh.
#
#   make_environment       installs them into $environment where they are not there yet
#   describe_environment   their versions

environment=${LOADER_COMPARE_ENVIRONMENT:-$root/target/compare-environment}
# The versions that were tried together.
pipeline_libraries=(symusic==0.6.0 mido==1.3.3 'psycopg[binary]==3.3.9' numpy==2.4.6 blake3==1.0.11)

make_environment() {
    if [ "$(cat "$environment/installed" 2>/dev/null)" = "${pipeline_libraries[*]}" ]; then return; fi
    has python3 || fail "there is no python3" "apt-get install python3 python3-venv"
    say "installing into $environment: ${pipeline_libraries[*]}"
    python3 -m venv --clear "$environment" || fail "python3 has no venv" "apt-get install python3-venv"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check "${pipeline_libraries[@]}" >&2 ||
        fail "the libraries could not be installed" "read pip's message above; it uses the index that pip is set up with"
    printf '%s\n' "${pipeline_libraries[*]}" >"$environment/installed"
}

describe_environment() { printf '%s with %s' "$("$environment/bin/python" --version | cut -d ' ' -f 2)" "${pipeline_libraries[*]}"; }
