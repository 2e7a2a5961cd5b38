#!/bin/sh
# Put prometheus-alertmanager and amtool into .tools/bin from Debian's package, without root.
# Does nothing when both programs are already there or on PATH.
#
# Debian's build reads its templates from a fixed folder below /usr/share, which only root can
# make. In the copy that is unpacked here that path, of 34 characters, becomes one of the same
# length, through a descriptor that a wrapper opens.
set -eu
. "$(dirname -- "$0")/debian.sh"
bin=$tools/bin
fixed=/usr/share/prometheus/alertmanager
moved=/proc/self/fd/9///////////////////

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
ln -sf ../alertmanager/usr/bin/amtool "$bin/amtool"
program=$tools/alertmanager/usr/bin/prometheus-alertmanager
LC_ALL=C sed "s#$fixed#$moved#g" "$program" >"$program.moved"
chmod +x "$program.moved"
cat >"$bin/.prometheus-alertmanager.new" <<'END'
#!/bin/sh
# Descriptor 9: the folder with the templates (made by scripts/get-alertmanager.sh).
here=$(CDPATH= cd -- "$(dirname -- "$(readlink -f -- "$0")")/../alertmanager/usr" && pwd)
exec 9<"$here/share/prometheus/alertmanager"
exec "$here/bin/prometheus-alertmanager.moved" "$@"
END
chmod +x "$bin/.prometheus-alertmanager.new"
mv "$bin/.prometheus-alertmanager.new" "$bin/prometheus-alertmanager"
say "installed $("$bin/amtool" --version 2>&1 | head -n 1) in $bin"
