"""Where programs are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from observe.bootstrap import binaries
from observe.bootstrap.binaries import find_binary
from observe.errors import EXIT_USAGE, InputError


def _program(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder without tools, an empty PATH, no checkout."""
    monkeypatch.delenv("OBSERVE_BIN_DIR", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(binaries.observe, "__file__", str(tmp_path / "elsewhere/observe/x.py"))
    return tmp_path


def test_the_named_folder_wins_over_path(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = _program(nowhere / "named", "prometheus")
    _program(nowhere / "empty", "prometheus")
    monkeypatch.setenv("OBSERVE_BIN_DIR", str(nowhere / "named"))
    assert find_binary("prometheus") == named


def test_a_named_folder_without_the_program_is_not_replaced_by_path(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(nowhere / "empty", "prometheus")
    monkeypatch.setenv("OBSERVE_BIN_DIR", str(nowhere / "named"))
    with pytest.raises(InputError, match=r"OBSERVE_BIN_DIR=.*named holds no program 'prometheus'"):
        find_binary("prometheus")


def test_path_wins_over_the_tools_folder(nowhere: Path) -> None:
    _program(nowhere / ".tools/bin", "promtool")
    on_path = _program(nowhere / "empty", "promtool")
    assert find_binary("promtool") == on_path


@pytest.mark.parametrize("folder", [".tools/bin", "elsewhere/.tools/bin"])
def test_the_tools_folder_is_found_here_and_beside_the_checkout(nowhere: Path, folder: str) -> None:
    program = _program(nowhere / folder, "promtool")
    assert find_binary("promtool").resolve() == program.resolve()


def test_a_missing_program_ends_in_a_line_that_says_what_to_run(nowhere: Path) -> None:
    with pytest.raises(InputError) as caught:
        find_binary("prometheus")
    assert caught.value.exit_code == EXIT_USAGE
    assert "make prometheus" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_executed_does_not_count(nowhere: Path) -> None:
    _program(nowhere / ".tools/bin", "prometheus").chmod(0o644)
    with pytest.raises(InputError):
        find_binary("prometheus")
