#!/bin/sh
# Make the virtual environment .venv and install the package with its tools into it.
# The system's Python stays as it is. A second run only brings the environment up to date.
set -eu
. "$(dirname -- "$0")/debian.sh"
venv=$root/.venv

if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    say "making the virtual environment $venv"
    rm -rf "$venv"
    if ! python3 -m venv "$venv" >/dev/null 2>&1; then
        # Debian splits pip off Python (python3-venv): bring pip in from its package instead.
        rm -rf "$venv"
        python3 -m venv --without-pip "$venv" || fail "python3 has no venv module: install Python 3.11"
        unpack_debian python3-pip-whl "$tools/pip"
        wheel=$(ls "$tools"/pip/usr/share/python-wheels/pip-*.whl)
        "$venv/bin/python" "$wheel/pip" install --quiet --no-index "$wheel"
    fi
fi
say "installing the packages of constraints.txt (from PyPI) into $venv"
cd "$root"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --constraint constraints.txt --editable '.[dev]'
say "ready: $("$venv/bin/observe" --version)"
