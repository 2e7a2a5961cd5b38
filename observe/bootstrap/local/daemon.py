"""The supervisor: a small process that keeps the others running, and ends with them.

`python -m observe.bootstrap.local.daemon FOLDER` reads `processes.json`, and again at SIGHUP.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any, TextIO

from observe.bootstrap.local.files import read_json, write_json
from observe.bootstrap.local.settings import Places
from observe.bootstrap.supervisor import Supervised

#: Seconds before a child that ended is started again; doubled each time, up to the second figure.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
#: A child that ran this long is well: its next pause is the first one again.
_WELL_SECONDS = 120.0
_LOG_BYTES = 10_000_000
_LOOK_SECONDS = 0.5


class Child:
    """One process that is wanted: started again when it ends.

    Args:
        command: program and arguments.
        log: its log; the one of the run before is kept beside it.
    """

    def __init__(self, command: list[str], log: Path) -> None:
        self.command = command
        self.restarts = 0
        self._log = log
        self._pause = _FIRST_PAUSE
        self._retry_at: float | None = None
        self._start()

    def look(self) -> bool:
        """Restart it if it ended and its pause is over; whether anything changed."""
        self._bound_log()
        if self._process.running:
            return False
        now = time.monotonic()
        if self._retry_at is None:
            if now - self._began > _WELL_SECONDS:
                self._pause = _FIRST_PAUSE
            self._retry_at = now + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            self._process.stop()  # its shell may be gone before the program
            return True
        if now < self._retry_at:
            return False
        self.restarts += 1
        self._start()
        return True

    def stop(self) -> None:
        """Stop it for good."""
        self._process.stop()

    def facts(self) -> dict[str, Any]:
        """What `status` shows."""
        return {
            "pid": self._process.pid,
            "running": self._process.running,
            "startedAt": self._started,
            "restarts": self.restarts,
            "lastWords": [] if self._process.running else self._process.last_lines(20),
        }

    def _start(self) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        if self._log.exists():
            self._log.replace(self._log.with_suffix(".log.1"))
        self._process = Supervised(self.command, self._log)
        self._began, self._started, self._retry_at = time.monotonic(), time.time(), None

    def _bound_log(self) -> None:
        if self._log.stat().st_size > _LOG_BYTES:
            self._log.with_suffix(".log.1").write_bytes(self._log.read_bytes())
            os.truncate(self._log, 0)


class Daemon:
    """All children of one folder."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._children: dict[str, Child] = {}
        self._generation = -1

    def run(self, ended: Event, again: Event) -> None:
        """Keep everything running until the first event; read what is wanted at the second."""
        try:
            self._adjust()
            while not ended.wait(_LOOK_SECONDS):
                if again.is_set():
                    again.clear()
                    self._adjust()
                changed = [child.look() for child in self._children.values()]
                if any(changed):
                    self._tell()
        finally:
            for child in self._children.values():
                child.stop()
            self._places.state.unlink(missing_ok=True)

    def _adjust(self) -> None:
        wanted = read_json(self._places.wanted)
        commands: dict[str, list[str]] = wanted.get("commands", {})
        gone = [n for n, c in self._children.items() if commands.get(n) != c.command]
        for name in gone:
            self._children.pop(name).stop()
        for name, command in commands.items():
            if name not in self._children:
                self._children[name] = Child(command, self._places.log(name))
        self._generation = int(wanted.get("generation", 0))
        self._tell()

    def _tell(self) -> None:
        facts = {name: child.facts() for name, child in self._children.items()}
        try:
            write_json(
                self._places.state,
                {"pid": os.getpid(), "generation": self._generation, "processes": facts},
            )
        except OSError as error:  # a full disk is no reason to let the processes go
            sys.stderr.write(f"state.json cannot be written: {error}\n")


def _hold(lock: Path) -> TextIO | None:
    file = lock.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def main(folder: Path) -> int:
    """Run until SIGTERM; 1 when another supervisor owns the folder."""
    places = Places(folder)
    ended, again = Event(), Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    signal.signal(signal.SIGHUP, lambda *_: again.set())
    held = _hold(places.lock)
    if held is None:
        return 1
    with held:
        Daemon(places).run(ended, again)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
