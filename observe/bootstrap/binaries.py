"""Where the programs that the local stack and the tests run are found."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import observe
from observe.errors import InputError

#: Debian's package and make's target of each program.
_PACKAGES = {
    "victoria-metrics": "victoria-metrics",
    "alertmanager": "prometheus-alertmanager",
    "amtool": "prometheus-alertmanager",
}
_TARGETS = {"alertmanager": "alertmanager", "amtool": "alertmanager"}
#: Names that a program has in some packages.
_ALIASES = {"alertmanager": ("prometheus-alertmanager",)}


def tool_folders() -> tuple[Path, ...]:
    """Folders that `make prometheus` fills: below the current one, and beside the checkout."""
    checkout = Path(observe.__file__).resolve().parent.parent
    return (Path.cwd() / ".tools" / "bin", checkout / ".tools" / "bin")


def find_binary(name: str) -> Path:
    """The executable of this name.

    Looks at the folder `$OBSERVE_BIN_DIR`, then at `PATH`, then at `.tools/bin`. A folder that
    was named in the environment must hold it: falling back would run another version silently.

    Args:
        name: `prometheus`, `promtool`, `alertmanager` (Debian: `prometheus-alertmanager`),
            `amtool` or `victoria-metrics`.

    Raises:
        InputError: there is none.
    """
    named = os.environ.get("OBSERVE_BIN_DIR")
    if named:
        found = _which(name, named)
        if found is None:
            raise InputError(f"OBSERVE_BIN_DIR={named} holds no program '{name}'", _hint(name))
        return Path(found)
    search = os.pathsep.join((os.environ.get("PATH", ""), *map(str, tool_folders())))
    found = _which(name, search)
    if found is None:
        raise InputError(
            f"the program '{name}' was not found on PATH or in .tools/bin", _hint(name)
        )
    return Path(found)


def _which(name: str, search: str) -> str | None:
    names = (name, *_ALIASES.get(name, ()))
    return next(filter(None, (shutil.which(each, path=search) for each in names)), None)


def _hint(name: str) -> str:
    package = _PACKAGES.get(name, "prometheus")
    target = _TARGETS.get(name, package)
    return f"Run 'make {target}' to fetch it without root, or 'apt-get install {package}'"
