#!/bin/sh
# Put prometheus and promtool into .tools/bin from Debian's package, without root.
#
# apt keeps its package lists and downloads below .tools/apt, so that neither the system's lists
# nor its caches are read or changed. Does nothing when both programs are already there.
set -eu

root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
tools=$root/.tools
bin=$tools/bin

say() { printf '%s\n' "get-prometheus: $*" >&2; }
fail() { say "$*"; exit 1; }

if [ -x "$bin/prometheus" ] && [ -x "$bin/promtool" ]; then
    say "already in $bin: $("$bin/prometheus" --version 2>&1 | head -n 1)"
    exit 0
fi
if command -v prometheus >/dev/null && command -v promtool >/dev/null; then
    say "already on PATH: $(prometheus --version 2>&1 | head -n 1)"
    exit 0
fi
for program in apt-get dpkg; do
    command -v "$program" >/dev/null ||
        fail "$program is missing (not Debian or Ubuntu?): install Prometheus 2.33 or newer yourself and put prometheus and promtool on PATH"
done

state=$tools/apt/state
cache=$tools/apt/cache
mkdir -p "$state/lists/partial" "$cache/archives/partial" "$bin"
# The sandbox user of apt may not enter a home folder: download as whoever runs this.
apt() {
    apt-get -q -q \
        -o Dir::State="$state" -o Dir::State::status=/var/lib/dpkg/status \
        -o Dir::Cache="$cache" -o Debug::NoLocking=1 \
        -o APT::Sandbox::User="$(id -un)" -o APT::Update::Error-Mode=any \
        "$@"
}

say "reading the package lists into $tools/apt"
apt update || fail "the package lists could not be read: is the network there?"
say "downloading the Debian package 'prometheus'"
rm -f "$cache"/archives/prometheus_*.deb
(cd "$cache/archives" && apt download prometheus) ||
    fail "the package 'prometheus' could not be downloaded"
set -- "$cache"/archives/prometheus_*.deb
[ -f "$1" ] || fail "apt-get downloaded nothing"

rm -rf "$tools/prometheus.new" "$tools/prometheus"
dpkg -x "$1" "$tools/prometheus.new"
mv "$tools/prometheus.new" "$tools/prometheus"
for program in prometheus promtool; do
    ln -sf "../prometheus/usr/bin/$program" "$bin/$program"
done
say "installed $("$bin/prometheus" --version 2>&1 | head -n 1) in $bin"
