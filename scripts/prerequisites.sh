# shellcheck shell=bash
# What this machine needs to build, run and test loader: finds out what is missing, says what it would install, and
# installs it. Sourced by quickstart.sh and test.sh. Knows Debian and Ubuntu (apt-get) and Rust (rustup); starts nothing.
#
#   want_…            notes what is missing
#   install_missing   says it, asks, and installs it

# Servers and their programs must be readable by the account they run as.
umask 022
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

needed_packages=()
optional_packages=()
rust_missing=''
# The versions of PostgreSQL that loader works with.
oldest_postgresql=14
newest_postgresql=18
rustup_site=${RUSTUP_UPDATE_ROOT:-https://static.rust-lang.org/rustup}

say() { printf '%s\n' "$*" >&2; }

fail() {
    printf 'error: %s\n' "$1" >&2
    if [ $# -gt 1 ]; then printf '\nhint: %s\n' "$2" >&2; fi
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# The value of a key in one of the package's TOML files.
setting() { sed -n "s/^$2 *= *\"\(.*\)\"/\1/p" "$root/$1" | head -n 1; }

# --- what is missing -----------------------------------------------------------------------------------------------

# A C compiler with its headers, and make: libdeflate, Zstandard and ring are compiled from C.
want_compiler() {
    if ! printf '#include <stdlib.h>\nint main(void) { return 0; }\n' | cc -x c -o /dev/null - 2>/dev/null; then
        needed_packages+=(gcc libc6-dev)
    fi
    if ! has make; then needed_packages+=(make); fi
}

# A server's programs, its contrib modules (pg_trgm), and psql.
want_postgresql() {
    local programs
    programs=$(server_programs || true)
    if [ -z "$programs" ]; then
        needed_packages+=(postgresql postgresql-contrib)
    elif ! has_trigrams "$programs"; then
        needed_packages+=(postgresql-contrib)
    fi
    if ! has psql && [ ! -x "$programs/psql" ]; then needed_packages+=(postgresql-client); fi
}

# Rust as rust-toolchain.toml pins it.
want_rust() {
    local channel oldest found
    channel=$(setting rust-toolchain.toml channel)
    oldest=$(setting Cargo.toml rust-version)
    # Installed, and not in PATH: the shell has not been started anew since.
    if ! has rustup && [ -x "${CARGO_HOME:-${HOME:-/nonexistent}/.cargo}/bin/rustup" ]; then
        PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    fi
    if has rustup; then
        if [ "$(rustup component list --toolchain "$channel" --installed 2>/dev/null | grep -cE '^(cargo|clippy|rustfmt)')" -lt 3 ]; then
            rust_missing=toolchain
        fi
    elif has cargo; then
        found=$(cargo --version | awk '{ print $2 }')
        if ! at_least "$found" "$oldest"; then rust_missing=rustup; fi
    else
        rust_missing=rustup
    fi
}

# A program that is good to have: where its package cannot be installed, the caller does without it.
want_optional() {
    if ! has "$1"; then optional_packages+=("$2"); fi
}

# Whether version $1 is $2 or newer.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# The directory of the newest supported server's programs; LOADER_PG_BIN names the only candidate.
server_programs() {
    local candidate program best='' best_major=0 major
    local candidates=()
    if [ -n "${LOADER_PG_BIN:-}" ]; then
        candidates=("$LOADER_PG_BIN")
    else
        candidates=(/usr/lib/postgresql/*/bin)
        if program=$(command -v initdb); then candidates+=("$(dirname "$(readlink -f "$program")")"); fi
        if has pg_config; then candidates+=("$(pg_config --bindir)"); fi
    fi
    for candidate in "${candidates[@]}"; do
        if [ ! -x "$candidate/initdb" ] || [ ! -x "$candidate/pg_ctl" ]; then continue; fi
        major=$(server_version "$candidate" | sed 's/[^0-9].*//')
        if [ -z "$major" ] || [ "$major" -lt $oldest_postgresql ] || [ "$major" -gt $newest_postgresql ]; then continue; fi
        if [ "$major" -gt "$best_major" ]; then best=$candidate best_major=$major; fi
    done
    [ -n "$best" ] && printf '%s\n' "$best"
}

# The version of the server in a directory, as 15.8.
server_version() { "$1/postgres" --version 2>/dev/null | awk '{ print $3 }'; }

has_trigrams() {
    local share
    for share in "$1/../share" "/usr/share/postgresql/$(basename "$(dirname "$1")")" "$("$1/pg_config" --sharedir 2>/dev/null || true)"; do
        if find -L "$share" -maxdepth 3 -name pg_trgm.control 2>/dev/null | grep -q .; then return 0; fi
    done
    return 1
}

# --- installing it -------------------------------------------------------------------------------------------------

# Installs what was noted. $1 = yes: does not ask; $1 = no: asks where there is someone to ask; $1 = only-say: says it.
install_missing() {
    local mode=$1
    if [ "$rust_missing" = rustup ]; then
        # A fresh container has no lists of packages yet: without them nobody knows whether there is one of rustup.
        if [ "$mode" != only-say ]; then update_lists; fi
        plan_rustup
    fi
    if [ ${#needed_packages[@]} -eq 0 ] && [ ${#optional_packages[@]} -eq 0 ] && [ -z "$rust_missing" ]; then
        say "everything that is needed is installed"
        return
    fi
    say_plan
    if [ "$mode" = only-say ]; then return; fi
    if [ "$mode" = no ] && [ -t 0 ] && [ -t 2 ]; then
        local answer
        read -r -p 'Install this? [Y/n] ' answer
        case $answer in [nN]*) fail "nothing was installed, and loader cannot be built without it" ;; esac
    fi
    install_packages
    install_rust
}

say_plan() {
    local channel
    channel=$(setting rust-toolchain.toml channel)
    say "This will be installed:"
    if [ ${#needed_packages[@]} -gt 0 ]; then say "  packages (apt-get): ${needed_packages[*]}"; fi
    if [ ${#optional_packages[@]} -gt 0 ]; then say "  packages (apt-get), done without if they cannot be had: ${optional_packages[*]}"; fi
    case $rust_missing in
        toolchain) say "  Rust $channel with clippy and rustfmt, by the rustup that is here" ;;
        package) say "  Rust $channel with clippy and rustfmt, by the distribution's package rustup" ;;
        download) say "  Rust $channel with clippy and rustfmt into ${RUSTUP_HOME:-~/.rustup} and ${CARGO_HOME:-~/.cargo}, by rustup-init,"
            say "  which is downloaded from $rustup_site and compared with its checksum" ;;
    esac
    if [[ " ${needed_packages[*]} " == *' postgresql '* ]]; then
        say "  (of PostgreSQL the programs only: no server is set up or started by the package)"
    fi
}

# Where rustup comes from: the distribution (Debian 13, Ubuntu 24.04 and later have it), else its own site.
plan_rustup() {
    if has apt-cache && apt-cache show rustup >/dev/null 2>&1; then
        rust_missing=package
        needed_packages+=(rustup)
        return
    fi
    rust_missing=download
    if ! has curl; then needed_packages+=(curl ca-certificates); fi
}

# Runs a command as root; fails, naming the command, where that cannot be.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif has sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        sudo "$@"
    else
        return 77
    fi
}

install_packages() {
    if [ ${#needed_packages[@]} -eq 0 ] && [ ${#optional_packages[@]} -eq 0 ]; then return; fi
    local all=("${needed_packages[@]}" "${optional_packages[@]}")
    if ! has apt-get; then
        if [ ${#needed_packages[@]} -eq 0 ]; then return; fi
        fail "this script installs packages with apt-get, and there is none here" \
            "install these yourself, then run it again: ${needed_packages[*]}"
    fi
    if ! as_root true; then
        if [ ${#needed_packages[@]} -eq 0 ]; then return; fi
        fail "installing packages needs root, and this is $(id -un) without a usable sudo" \
            "as root: apt-get update && apt-get install ${needed_packages[*]}"
    fi
    update_lists
    keep_default_cluster_away
    if [ ${#needed_packages[@]} -gt 0 ]; then
        apt_install "${all[@]}" || apt_install "${needed_packages[@]}" ||
            fail "apt-get could not install ${needed_packages[*]}" "read its message above, mend the cause, and run this again"
    else
        apt_install "${all[@]}" || say "warning: could not be installed, and is done without: ${optional_packages[*]}"
    fi
    let_default_cluster_be
}

lists_are_new=''

update_lists() {
    if [ -n "$lists_are_new" ] || ! has apt-get || ! as_root true; then return; fi
    say "updating the lists of packages (apt-get update)"
    as_root apt-get update -q >&2 || say "warning: they could not be updated; trying with those that are here"
    lists_are_new=yes
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >&2
}

# Debian's package sets up and starts a server of its own, which nobody asked for: loader has its private cluster. Said by
# a file that is taken away again, so that what is installed later behaves as ever.
cluster_rule=/etc/postgresql-common/createcluster.d/loader-quickstart.conf

keep_default_cluster_away() {
    if [[ " ${needed_packages[*]} " != *' postgresql '* ]]; then return; fi
    as_root mkdir -p "$(dirname "$cluster_rule")"
    printf 'create_main_cluster = false\n' | as_root tee "$cluster_rule" >/dev/null
    trap let_default_cluster_be EXIT
}

let_default_cluster_be() {
    if [ -e "$cluster_rule" ]; then as_root rm -f "$cluster_rule"; fi
}

# Downloads $1 into the file $2.
download() {
    curl --proto '=https' --tlsv1.2 -fsSL -o "$2" "$1" ||
        fail "$1 could not be downloaded" "check the connection and run this again, or install Rust by your own means"
}

install_rust() {
    local channel triple folder
    channel=$(setting rust-toolchain.toml channel)
    case $rust_missing in
        '') return ;;
        download)
            case $(uname -m) in
                x86_64 | aarch64) triple=$(uname -m)-unknown-linux-gnu ;;
                *) fail "rustup is not downloaded for the processor $(uname -m)" "install Rust $channel yourself, then run this again" ;;
            esac
            folder=$(mktemp -d)
            download "$rustup_site/dist/$triple/rustup-init" "$folder/rustup-init"
            download "$rustup_site/dist/$triple/rustup-init.sha256" "$folder/checksum"
            if [ "$(sha256sum <"$folder/rustup-init" | cut -d ' ' -f 1)" != "$(cut -d ' ' -f 1 "$folder/checksum")" ]; then
                fail "rustup-init has another checksum than $rustup_site says" "try again later; nothing of it was run"
            fi
            chmod +x "$folder/rustup-init"
            "$folder/rustup-init" -y -q --no-modify-path --profile minimal --default-toolchain none >&2
            rm -r "$folder"
            PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
            ;;
    esac
    rustup toolchain install "$channel" --profile minimal --component clippy --component rustfmt >&2 ||
        fail "Rust $channel could not be installed by rustup" "read its message above, mend the cause, and run this again"
}
