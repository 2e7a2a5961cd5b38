"""Where results go: folders that cannot be written, full disks, closed pipes, odd terminals."""

from __future__ import annotations

import json
import os
import pty
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from running import Observe

from observe.telemetry.snapshot import load

OBSERVE = [sys.executable, "-m", "observe"]


def _start(*arguments: object, cwd: Path, **options: object) -> subprocess.Popen[str]:
    """The command as a process of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OBSERVE_", "COLUMNS"))}
    environment |= options.pop("env", {})  # type: ignore[arg-type]
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [*OBSERVE, *map(str, arguments)], text=True, cwd=cwd, env=environment, **settings
    )


def _on_terminal(*arguments: object, cwd: Path, **variables: str) -> str:
    """What a command writes when both of its streams are a terminal of 80 columns."""
    leader, follower = pty.openpty()
    variables = {"TERM": "xterm", "COLUMNS": "80"} | variables
    run = _start(*arguments, cwd=cwd, stdout=follower, stderr=follower, env=variables)
    os.close(follower)
    seen = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # EIO: the other end is closed
            break
        if not piece:
            break
        seen += piece
    os.close(leader)
    assert run.wait() == 0, seen
    return seen.decode()


def test_a_folder_is_looked_at_before_anything_is_asked(
    observe: Observe, unused_port: int, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("mine")
    (tmp_path / "home").mkdir()
    (tmp_path / "home/thesis.txt").write_text("mine")
    nobody = ("--prometheus", f"http://127.0.0.1:{unused_port}")
    for arguments, said in {
        ("report", "--output", "taken/below"): "taken is not a folder. Choose another folder",
        ("collect", "--output", "taken/below"): "taken is not a folder",
        ("export", "--output", "taken/below"): "taken is not a folder",
        ("report", "--output", "taken"): "'taken' is a file",
        ("collect", "--output", "home"): "is not a snapshot; it is left alone",
        ("export", "--output", "home"): "holds files that no earlier export wrote",
    }.items():
        run = observe(*arguments, *nobody)
        assert run.code == 2
        assert said in run.error
        assert "Reading telemetry" not in run.err
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["home", "taken", "thesis.txt"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder nobody can write to")
@pytest.mark.parametrize("command", ["report", "export"])
def test_a_folder_that_cannot_be_written_is_one_line(
    observe: Observe, snapshot_folder: Path, command: str
) -> None:
    run = observe(command, "--snapshot", snapshot_folder, "--output", "/proc/self/observe")
    assert run.code == 2
    assert "/proc/self/observe" in run.error


@pytest.mark.parametrize("command", ["report", "export"])
def test_a_full_disk_leaves_what_was_there(
    observe: Observe, snapshot_folder: Path, tmp_path: Path, command: str
) -> None:
    arguments = (command, "--snapshot", snapshot_folder, "--output", "out")
    assert observe(*arguments).code == 0
    before = {p: p.read_bytes() for p in Path("out").rglob("*") if p.is_file()}

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (900, 900))  # no file may grow beyond this

    run = _start(*arguments, cwd=tmp_path, preexec_fn=limit)
    _, err = run.communicate()
    assert run.returncode == 2, err
    assert err.splitlines()[-1].startswith("error: ")
    assert "too large" in err.lower()
    assert {p: p.read_bytes() for p in Path("out").rglob("*") if p.is_file()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_new_folder_that_cannot_be_filled_is_not_left_behind(
    snapshot_folder: Path, tmp_path: Path
) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (900, 900))

    arguments = ("report", "--snapshot", snapshot_folder, "--output", "out")
    assert _start(*arguments, cwd=tmp_path, preexec_fn=limit).wait() == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_result_that_cannot_be_printed_is_an_error(snapshot_folder: Path, tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        run = _start(
            *("export", "--snapshot", snapshot_folder, "--diff"), cwd=tmp_path, stdout=full
        )
        _, err = run.communicate()
    assert run.returncode == 2
    assert err.splitlines()[-1].startswith(
        "error: the result cannot be written to standard output: No space left on device"
    )


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_reader_that_went_away_does_not_stop_the_run(
    snapshot_folder: Path, tmp_path: Path, closed: str
) -> None:
    receiver, sender = os.pipe()
    os.close(receiver)
    arguments = ("report", "--snapshot", snapshot_folder, "--fail-on", "warning")
    run = _start(*arguments, cwd=tmp_path, **{closed: sender})
    os.close(sender)
    out, err = run.communicate()
    assert run.returncode == 1, err  # the finding, although nobody read of it
    assert "Traceback" not in (out or "") + (err or "")
    assert "Broken" not in (out or "") + (err or "")
    assert load(tmp_path / "observe-report/snapshot").edges.shape[0] > 0


def test_quiet_leaves_the_result_only(observe: Observe, snapshot_folder: Path) -> None:
    run = observe("--quiet", "report", "--snapshot", snapshot_folder)
    assert run.err == ""
    assert run.out.splitlines()[-1].startswith("file:///")
    assert observe("--quiet", "explain", "checkout", "--snapshot", snapshot_folder).err == ""
    written = observe("--quiet", "export", "--snapshot", snapshot_folder)
    assert (written.out, written.err) == ("observe-export\n", "")


def test_fail_on_ends_with_one_from_its_severity_on(
    observe: Observe, snapshot_folder: Path, tmp_path: Path
) -> None:
    for severity, code in (("warning", 1), ("critical", 0)):
        run = observe("report", "--snapshot", snapshot_folder, "--fail-on", severity)
        assert run.code == code
    advice = json.loads((tmp_path / "observe-report/recommendations.json").read_text())
    assert {r["severity"] for r in advice["recommendations"]} == {"warning", "info"}


def test_a_terminal_gets_bars_and_colours_and_no_broken_names(
    snapshot_folder: Path, tmp_path: Path
) -> None:
    seen = _on_terminal("report", "--snapshot", snapshot_folder, cwd=tmp_path)
    assert "Writing the report" in seen
    assert "━" in seen  # a bar
    assert "0/?" not in seen  # that counts nothing
    assert "\x1b[33mwarning" in seen
    assert "east/shop/recommendations " in seen


def test_no_color_is_heeded(snapshot_folder: Path, tmp_path: Path) -> None:
    seen = _on_terminal("report", "--snapshot", snapshot_folder, cwd=tmp_path, NO_COLOR="1")
    assert "\x1b[33m" not in seen
    assert "warning" in seen


def test_a_pipe_gets_no_bars_and_no_colours(snapshot_folder: Path, tmp_path: Path) -> None:
    out, err = _start("report", "--snapshot", snapshot_folder, cwd=tmp_path).communicate()
    assert err == "Writing the report ...\n"
    assert "\x1b" not in out
    assert "TIMEOUT_UNKNOWN" in out  # no edge, no column dropped
    assert all(line == line.rstrip() for line in out.splitlines())
