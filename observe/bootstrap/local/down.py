"""Stopping the local stack."""

from __future__ import annotations

import shutil

from observe.bootstrap.local.files import locked, read_json, writing
from observe.bootstrap.local.running import stop
from observe.bootstrap.local.settings import Places
from observe.errors import InputError


def down(places: Places, *, delete_data: bool = False) -> bool:
    """Stop everything and wait for it; what is configured stays.

    Returns:
        Whether anything was running.

    Raises:
        InputError: the folder holds no stack, or it is being changed.
        OutputError: the data cannot be deleted.
        SourceError: the processes do not end.
    """
    if not read_json(places.wanted) and not places.lock.exists():
        raise InputError(f"{places.folder} holds no stack", "name its --folder")
    with locked(places.apply_lock, f"the stack in {places.folder} is being changed already"):
        stopped = stop(places)
        if delete_data and (places.folder / "data").exists():
            with writing(places.folder):
                shutil.rmtree(places.folder / "data")
    return stopped
