#!/bin/sh
# Put victoria-metrics into .tools/bin from Debian's package, without root; only tests need it.
# Does nothing when the program is already there or on PATH.
set -eu
. "$(dirname -- "$0")/debian.sh"
bin=$tools/bin

if [ -x "$bin/victoria-metrics" ]; then
    say "already in $bin"
    exit 0
fi
if command -v victoria-metrics >/dev/null; then
    say "already on PATH"
    exit 0
fi
unpack_debian victoria-metrics "$tools/victoria-metrics"
mkdir -p "$bin"
ln -sf ../victoria-metrics/usr/bin/victoria-metrics "$bin/victoria-metrics"
say "installed victoria-metrics in $bin"
