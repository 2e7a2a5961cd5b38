"""The script that fetches Prometheus, as far as it goes without a network."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
_NEEDED = ("sh", "basename", "dirname", "mkdir", "id", "head", "rm")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A copy in an empty checkout, and only the plainest programs on PATH."""
    (tmp_path / "path").mkdir()
    for name in _NEEDED:
        found = shutil.which(name)
        assert found
        (tmp_path / "path" / name).symlink_to(found)
    copied = shutil.copytree(SCRIPTS, tmp_path / "checkout/scripts")
    return Path(copied) / "get-prometheus.sh"


def _run(script: Path) -> subprocess.CompletedProcess[str]:
    path = str(script.parents[2] / "path")
    return subprocess.run(
        ["/bin/sh", str(script)], env={"PATH": path}, capture_output=True, text=True, timeout=60
    )


def _program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_without_apt_it_says_what_to_do(script: Path) -> None:
    result = _run(script)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "apt-get is missing (not Debian or Ubuntu?)" in result.stderr


@pytest.mark.parametrize("folder", ["path", "checkout/.tools/bin"])
def test_it_does_nothing_when_both_programs_are_there(script: Path, folder: str) -> None:
    for name in ("prometheus", "promtool"):
        _program(script.parents[2] / folder, name, "echo prometheus, version 9.9")
    result = _run(script)
    assert result.returncode == 0
    assert "already" in result.stderr
    assert "version 9.9" in result.stderr


def test_a_network_that_is_down_leaves_no_programs_behind(script: Path) -> None:
    for name in ("apt-get", "dpkg"):
        _program(script.parents[2] / "path", name, "exit 100")
    result = _run(script)
    assert result.returncode == 1
    assert "is the network there?" in result.stderr
    assert not (script.parents[1] / ".tools/bin/prometheus").exists()
    assert not (script.parents[1] / ".tools/prometheus").exists()
