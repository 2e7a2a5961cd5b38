# Sourced by the other scripts: fetch Debian packages without root.
#
# apt keeps its package lists and downloads below .tools/apt, so that neither the system's lists
# nor its caches are read or changed.

root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
tools=$root/.tools
state=$tools/apt/state
cache=$tools/apt/cache

say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; }
fail() { say "$*"; exit 1; }

# The sandbox user of apt may not enter a home folder: download as whoever runs this.
apt() {
    apt-get -q -q \
        -o Dir::State="$state" -o Dir::State::status=/var/lib/dpkg/status \
        -o Dir::Cache="$cache" -o Debug::NoLocking=1 \
        -o APT::Sandbox::User="$(id -un)" -o APT::Update::Error-Mode=any \
        "$@"
}

# unpack_debian PACKAGE FOLDER: download the package and unpack it into FOLDER, replacing it.
unpack_debian() {
    for program in apt-get dpkg; do
        command -v "$program" >/dev/null ||
            fail "$program is missing (not Debian or Ubuntu?): install '$1' yourself"
    done
    mkdir -p "$state/lists/partial" "$cache/archives/partial"
    say "reading Debian's package lists into $tools/apt"
    apt update || fail "the package lists could not be read: is the network there?"
    say "downloading the Debian package '$1'"
    rm -f "$cache/archives/$1"_*.deb
    (cd "$cache/archives" && apt download "$1") || fail "'$1' could not be downloaded"
    rm -rf "$2.new" "$2"
    for archive in "$cache/archives/$1"_*.deb; do
        dpkg -x "$archive" "$2.new"
    done
    mv "$2.new" "$2"
}
