"""The folder of a demo: its own, one demo at a time, gone when it is stopped half-way."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TextIO

from observe.errors import InputError, OutputError

#: A file that tells a demo's folder from any other.
MARK = ".observe-demo"


def fresh_folder(folder: Path) -> Path:
    """An empty folder; what an earlier demo left is removed, anything else is refused."""
    try:
        if folder.exists() and any(folder.iterdir()):
            if not (folder / MARK).exists():
                raise InputError(
                    f"{folder} is not empty and was not made by a demo", "name another --output"
                )
            lock(folder / MARK).close()
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).touch()
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written: {error.strerror or error}", "name another --output"
        ) from error
    return folder


def lock(mark: Path) -> TextIO:
    """The mark, held as long as it is open: the folder of a demo that runs is not taken away."""
    file = mark.open("a", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise InputError(
            f"a demo is still running in {mark.parent}",
            "stop it with Ctrl-C, or name another --output",
        ) from error
    return file


@contextmanager
def gone_when_stopped(folder: Path) -> Iterator[Event]:
    """Remove the folder when Ctrl-C comes before the event; after an error it tells why."""
    done = Event()
    try:
        yield done
    except (KeyboardInterrupt, SystemExit):
        if not done.is_set():
            shutil.rmtree(folder, ignore_errors=True)
        raise
