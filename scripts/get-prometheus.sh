#!/bin/sh
# Put prometheus and promtool into .tools/bin from Debian's package, without root.
# Does nothing when both programs are already there or on PATH.
set -eu
. "$(dirname -- "$0")/debian.sh"
bin=$tools/bin

if [ -x "$bin/prometheus" ] && [ -x "$bin/promtool" ]; then
    say "already in $bin: $("$bin/prometheus" --version 2>&1 | head -n 1)"
    exit 0
fi
if command -v prometheus >/dev/null && command -v promtool >/dev/null; then
    say "already on PATH: $(prometheus --version 2>&1 | head -n 1)"
    exit 0
fi
unpack_debian prometheus "$tools/prometheus"
mkdir -p "$bin"
for program in prometheus promtool; do
    ln -sf "../prometheus/usr/bin/$program" "$bin/$program"
done
say "installed $("$bin/prometheus" --version 2>&1 | head -n 1) in $bin"
