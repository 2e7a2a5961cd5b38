#!/bin/sh
# Put prometheus-alertmanager and amtool into .tools/bin from Debian's package, without root.
# Does nothing when both programs are already there or on PATH.
set -eu
. "$(dirname -- "$0")/debian.sh"
bin=$tools/bin

if [ -x "$bin/prometheus-alertmanager" ] && [ -x "$bin/amtool" ]; then
    say "already in $bin"
    exit 0
fi
if command -v amtool >/dev/null &&
    { command -v alertmanager >/dev/null || command -v prometheus-alertmanager >/dev/null; }; then
    say "already on PATH"
    exit 0
fi
unpack_debian prometheus-alertmanager "$tools/alertmanager"
mkdir -p "$bin"
for program in prometheus-alertmanager amtool; do
    ln -sf "../alertmanager/usr/bin/$program" "$bin/$program"
done
say "installed $("$bin/amtool" --version 2>&1 | head -n 1) in $bin"
