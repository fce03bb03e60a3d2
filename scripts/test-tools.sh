#!/usr/bin/env bash
# Installs the archivers that the tests compare loader's reading with. Does nothing where all are there.
set -euo pipefail

usage() {
    cat <<'HELP'
Usage: scripts/test-tools.sh [-h]

Installs, by apt-get and as root or by sudo, what is missing of bsdtar, 7z, zip, unzip, lha, unar, bzip2, xz, lz4 and zstd.
HELP
}

case ${1:-} in
    -h | --help) usage; exit 0 ;;
    '') ;;
    *) usage >&2; exit 2 ;;
esac

# Tests run side by side, and each may ask for the tools.
exec 9>"${TMPDIR:-/tmp}/loader-test-tools.$(id -u).lock"
flock 9

packages=()
want() { command -v "$1" >/dev/null 2>&1 || packages+=("$2"); }
want bsdtar libarchive-tools
want zip zip
want unzip unzip
want lha lhasa
want unar unar
want bzip2 bzip2
want xz xz-utils
want lz4 lz4
want zstd zstd
# Newer systems have 7zip, older ones p7zip-full; both call it 7z.
if ! command -v 7z >/dev/null 2>&1; then packages+=(7zip); fi
if [ ${#packages[@]} -eq 0 ]; then exit 0; fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo -n); fi
install() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >&2; }

printf 'installing %s\n' "${packages[*]}" >&2
"${as_root[@]}" apt-get update >&2
if ! install "${packages[@]}" && [[ " ${packages[*]} " == *' 7zip '* ]]; then
    install "${packages[@]/#7zip/p7zip-full}"
fi
# The package of some systems has the program under another name only.
if ! command -v 7z >/dev/null 2>&1; then install p7zip-full; fi
