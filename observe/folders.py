"""Folders that results go to, looked at before any work is spent, and files for one reader."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from observe.errors import OutputError


def require_writable(folder: Path) -> None:
    """Refuse a folder that cannot be written or made; nothing is created.

    Raises:
        OutputError: it, or what is above it, is no folder or must not be written.
    """
    hint = "Choose another folder, with --output on the command line"
    folder = folder.absolute()
    there = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    if not there.is_dir():
        raise OutputError(f"{folder} cannot be written to: {there} is not a folder", hint)
    if not os.access(there, os.W_OK | os.X_OK):
        raise OutputError(f"{folder} cannot be written to: no permission in {there}", hint)


def write_private(path: Path, text: str, *, replace: bool = False) -> None:
    """Write a file that its owner alone can read, as a whole or not at all.

    Args:
        path: where; its folder must be there.
        text: what.
        replace: take the place of a file that is there.

    Raises:
        FileExistsError: it is there and is not to be replaced.
        OSError: it cannot be written.
    """
    number, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 0600
    scratch = Path(name)
    try:
        with open(number, "w", encoding="utf-8") as file:  # noqa: PTH123 (a descriptor)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            scratch.replace(path)
        else:
            os.link(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
