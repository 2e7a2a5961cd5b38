"""The programs of the local stack: found, and new enough for the flags they are given."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from observe.bootstrap.binaries import find_binary
from observe.errors import InputError

#: Program → oldest version. Prometheus: `--syntax-only` of promtool came with 2.36. Alertmanager:
#: `--web.config.file` came with 0.22.
OLDEST = {"prometheus": (2, 36), "alertmanager": (0, 22)}


def find_programs() -> dict[str, Path]:
    """`prometheus` and `alertmanager`.

    Raises:
        InputError: one of them, or what checks their files, is missing or too old.
    """
    for checker in ("promtool", "amtool"):
        find_binary(checker)
    found = {name: find_binary(name) for name in OLDEST}
    for name, program in found.items():
        require_version(name, version_of(program))
    return found


def version_of(program: Path) -> str:
    """What a program calls itself.

    Raises:
        InputError: it does not say.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the program was looked up
            [str(program), "--version"], capture_output=True, text=True, check=False, timeout=30
        )
        match = re.search(r"version (\d+\.\d+\.\d+\S*)", done.stdout + done.stderr)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"{program} cannot be run: {error}", "install it anew") from error
    if match is None:
        raise InputError(f"{program} does not tell its version", "is it the right program?")
    return match[1]


def require_version(name: str, version: str) -> None:
    """Refuse a version that does not know the flags.

    Raises:
        InputError: it is too old.
    """
    major, minor = (int(part) for part in version.split(".")[:2])
    if (major, minor) < OLDEST[name]:
        oldest = ".".join(map(str, OLDEST[name]))
        raise InputError(
            f"{name} {version} is too old: {oldest} or newer is needed",
            "put a newer one first on PATH, or name its folder in OBSERVE_BIN_DIR",
        )
