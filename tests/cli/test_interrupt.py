"""Ctrl-C and SIGTERM at any moment: the right exit code, nothing half-written, no process left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scripted_api import Api, Reply

from observe.bootstrap.binaries import find_binary
from observe.errors import InputError
from observe.telemetry.snapshot import load

Start = Callable[..., subprocess.Popen[str]]
LINE = "error: stopped; nothing was left half-written"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a command in an empty folder; it is killed at the end if it still runs."""
    running: list[subprocess.Popen[str]] = []

    def run(*arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "observe", *map(str, arguments)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OBSERVE_OUT")}
        running.append(
            subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=tmp_path,
                env=environment,
                preexec_fn=_hear_ctrl_c,
            )
        )
        return running[-1]

    yield run
    for process in running:
        process.kill()
        process.wait()


def _hear_ctrl_c() -> None:
    """A test run that a shell put into the background was told to ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _wait_for(process: subprocess.Popen[str], text: str) -> str:
    """Read stderr up to the line that holds a text."""
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return line
    raise AssertionError(f"{text!r} was never said; exit code {process.wait()}")


def _processes_in(folder: Path) -> list[str]:
    """Command lines of the processes that were told of a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended meanwhile
        if str(folder) in command:
            found.append(command)
    return found


def _until(condition: Callable[[], bool]) -> bool:
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.05)
    return condition()


@pytest.mark.parametrize(
    ("number", "code", "line"), [(signal.SIGINT, 130, LINE), (signal.SIGTERM, 143, None)]
)
def test_collecting_is_stopped_at_once_and_leaves_nothing(
    start: Start,
    api: Callable[..., Api],
    tmp_path: Path,
    number: signal.Signals,
    code: int,
    line: str | None,
) -> None:
    server = api(lambda _: Reply(hang=True))
    process = start("report", "--prometheus", server.url, "--output", "out")
    _wait_for(process, "Reading telemetry")
    assert _until(lambda: bool(server.asked))
    process.send_signal(number)
    _, err = process.communicate()
    assert process.returncode == code
    assert err.splitlines() == ([line] if line else [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("patience", [0.0, 0.4, 1.0, 1.4])
def test_a_report_is_written_as_a_whole_or_not_at_all(
    start: Start, snapshot_folder: Path, tmp_path: Path, patience: float
) -> None:
    process = start("report", "--snapshot", snapshot_folder, "--output", "out")
    _wait_for(process, "Writing the report")
    time.sleep(patience)  # wherever that happens to be
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    written = sorted(p.name for p in tmp_path.rglob("*") if p.parent.name != "snapshot")
    if process.returncode == 130:
        assert err.splitlines()[-1] == LINE
    elif process.returncode == -signal.SIGINT:
        # Python met it while it ended, with the work done: 130 too for a shell.
        assert err.splitlines() in ([], [LINE])
    else:
        assert process.returncode == 0, err
    if written:
        assert written == [
            "out",
            "recommendations.json",
            "recommendations.prom",
            "report.html",
            "report.md",
            "snapshot",
        ]
        load(tmp_path / "out/snapshot")


@pytest.mark.integration
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_stopped_leaves_no_server_and_no_folder(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    _needs_prometheus()
    process = start("demo", "--output", tmp_path / "demo", "--serve")
    _wait_for(process, "Simulating")
    assert len(_processes_in(tmp_path / "demo")) >= 2  # the command itself, and the server
    process.send_signal(number)
    process.communicate()
    assert process.returncode == 128 + number
    assert _until(lambda: not _processes_in(tmp_path / "demo"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.integration
def test_a_demo_serves_until_ctrl_c_and_another_one_does_not_take_its_folder(
    start: Start, tmp_path: Path
) -> None:
    _needs_prometheus()
    process = start("demo", "--output", tmp_path / "demo", "--serve")
    _wait_for(process, "until Ctrl-C")
    second = start("demo", "--output", tmp_path / "demo", "--no-serve")
    _, err = second.communicate()
    assert second.returncode == 2
    assert "a demo is still running in" in err
    assert (tmp_path / "demo/report/report.html").exists()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "file:///" in out
    assert _until(lambda: not _processes_in(tmp_path / "demo"))
    for name in ("report/report.md", "export/export.json", "current"):
        assert (tmp_path / "demo" / name).exists()


def _needs_prometheus() -> None:
    try:
        find_binary("prometheus")
    except InputError as error:
        pytest.skip(str(error))
