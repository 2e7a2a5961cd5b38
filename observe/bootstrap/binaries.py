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
    "amtool": "prometheus-alertmanager",
}


def tool_folders() -> tuple[Path, ...]:
    """Folders that `make prometheus` fills: below the current one, and beside the checkout."""
    checkout = Path(observe.__file__).resolve().parent.parent
    return (Path.cwd() / ".tools" / "bin", checkout / ".tools" / "bin")


def find_binary(name: str) -> Path:
    """The executable of this name.

    Looks at the folder `$OBSERVE_BIN_DIR`, then at `PATH`, then at `.tools/bin`. A folder that
    was named in the environment must hold it: falling back would run another version silently.

    Args:
        name: `prometheus`, `promtool` or `victoria-metrics`.

    Raises:
        InputError: there is none.
    """
    named = os.environ.get("OBSERVE_BIN_DIR")
    if named:
        found = shutil.which(name, path=named)
        if found is None:
            raise InputError(f"OBSERVE_BIN_DIR={named} holds no program '{name}'", _hint(name))
        return Path(found)
    search = os.pathsep.join((os.environ.get("PATH", ""), *map(str, tool_folders())))
    found = shutil.which(name, path=search)
    if found is None:
        raise InputError(
            f"the program '{name}' was not found on PATH or in .tools/bin", _hint(name)
        )
    return Path(found)


def _hint(name: str) -> str:
    package = _PACKAGES.get(name, "prometheus")
    return f"Run 'make {package}' to fetch it without root, or 'apt-get install {package}'"
