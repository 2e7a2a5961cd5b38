"""Folders that results go to, looked at before any work is spent on the results."""

from __future__ import annotations

import os
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
