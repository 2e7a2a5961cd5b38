"""A child never outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from observe.bootstrap.supervisor import Supervised


def _wait(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _pid(file: Path) -> int:
    assert _wait(lambda: file.exists() and file.read_text().strip() != "")
    return int(file.read_text())


def test_stopping_sends_sigterm_and_waits(tmp_path: Path) -> None:
    script = (
        f"trap 'echo goodbye; exit 7' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.05; done"
    )
    child = Supervised(["/bin/sh", "-c", script], tmp_path / "log")
    pid = _pid(tmp_path / "pid")
    assert child.running
    child.stop()
    assert child.exit_status == 7
    assert child.last_lines() == ["goodbye"]
    assert not _alive(pid)


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    script = f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.05; done"
    child = Supervised(["/bin/sh", "-c", script], tmp_path / "log")
    pid = _pid(tmp_path / "pid")
    child.stop(grace_seconds=0.3)
    assert child.exit_status == -signal.SIGKILL
    assert _wait(lambda: not _alive(pid))


def test_the_exit_status_of_a_child_that_ends_by_itself_is_kept(tmp_path: Path) -> None:
    child = Supervised(["/bin/sh", "-c", "echo one; echo two >&2; exit 3"], tmp_path / "log")
    assert _wait(lambda: not child.running)
    assert child.exit_status == 3
    assert child.last_lines(2) == ["one", "two"]
    child.stop()
    child.stop()


def test_the_child_dies_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    program = f"""
import time
from pathlib import Path
from observe.bootstrap.supervisor import Supervised
script = "echo $$ > {tmp_path}/pid; exec sleep 600"
child = Supervised(["/bin/sh", "-c", script], Path("{tmp_path}/log"))
time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", program])
    pid = _pid(tmp_path / "pid")
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert _wait(lambda: not _alive(pid))
