"""What runs in a folder at this moment, and how it is told to stop."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from observe.bootstrap.local.files import read_json
from observe.bootstrap.local.settings import Places
from observe.errors import SourceError

#: The longest that the supervisor may take: three children, 15 s each before SIGKILL.
_STOP_SECONDS = 60.0


@dataclass(frozen=True)
class Running:
    """The supervisor and its processes.

    Attributes:
        pid: process id of the supervisor.
        generation: of the wishes that it has read last.
        processes: name → facts, as the supervisor wrote them.
    """

    pid: int
    generation: int
    processes: dict[str, dict[str, Any]]


def find_running(places: Places) -> Running | None:
    """The supervisor of a folder; None when there is none.

    Whether it lives is told by its lock, not by a process id, which another process may have by
    now.
    """
    try:
        file = places.lock.open("r+", encoding="utf-8")
    except OSError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _described(places, file.read().strip())
        return None


def _described(places: Places, pid: str) -> Running | None:
    if not pid.isdigit():
        return None  # it has the lock and is about to say who it is
    state = read_json(places.state)
    if state.get("pid") != int(pid):
        state = {}  # left by one that was killed
    return Running(int(pid), int(state.get("generation", -1)), dict(state.get("processes", {})))


def launch(places: Places) -> None:
    """Start a supervisor that outlives this process.

    Raises:
        SourceError: it does not come up.
    """
    with (places.folder / "supervisor.log").open("wb") as sink:
        process = subprocess.Popen(  # noqa: S603 - this interpreter, and a folder
            [sys.executable, "-m", "observe.bootstrap.local.daemon", str(places.folder)],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if find_running(places) is not None:
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise SourceError("the supervisor did not start", f"see {places.folder / 'supervisor.log'}")


def read_again(running: Running) -> None:
    """Tell the supervisor that what is wanted has changed."""
    os.kill(running.pid, signal.SIGHUP)


def stop(places: Places) -> bool:
    """Stop the supervisor and its processes, and wait for them; whether there were any.

    Raises:
        SourceError: it does not end.
    """
    running = find_running(places)
    if running is None:
        return False
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while find_running(places) is not None:
        if time.monotonic() > deadline:
            raise SourceError(f"the supervisor, process {running.pid}, does not end", "kill it")
        time.sleep(0.1)
    return True
