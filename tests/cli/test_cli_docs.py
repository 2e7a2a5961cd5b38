"""Every command in docs/cli.md works, and what it says of options and codes is true."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from running import Observe

import observe.cli.endings as endings
from observe import errors
from observe.cli import main
from observe.cli.config import file_options
from observe.demo import demo_current_yaml

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the documents are not installed")


def _blocks(language: str) -> list[str]:
    """The texts between fences of a language."""
    parts = re.split(r"^```(\w*)\n", PAGE.read_text(), flags=re.MULTILINE)
    fenced = zip(parts[1::4], parts[2::4], strict=True)  # every second fence closes
    return [text for name, text in fenced if name == language]


@pytest.fixture
def config() -> None:
    """The folder that the page calls istio-config."""
    for name, text in demo_current_yaml().items():
        path = Path("istio-config") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_the_week_of_the_page_works(observe: Observe, snapshot_folder: Path, config: None) -> None:
    shutil.copytree(snapshot_folder, "stand-in")
    lines = [line for block in _blocks("")[1:] for line in block.splitlines()]
    assert len(lines) >= 5
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "observe"
        if "--prometheus" in arguments:  # read a snapshot in its place
            at = arguments.index("--prometheus")
            arguments[at : at + 2] = ["--snapshot", "stand-in"]
        run = observe(*arguments)
        assert run.code == 0, (line, run.err)


def test_the_policy_of_the_page_is_one(observe: Observe, snapshot_folder: Path) -> None:
    Path("policy.yaml").write_text(_blocks("yaml")[0])
    arguments = ("export", "--snapshot", snapshot_folder, "--diff")
    assert observe(*arguments, "--policy", "policy.yaml").out == observe(*arguments).out


def test_the_settings_file_of_the_page_is_one(observe: Observe) -> None:
    Path("observe.yaml").write_text(_blocks("yaml")[1])
    run = observe("report")
    assert run.code == 2  # read, and believed: the folder that it names is not there
    assert "istio-config/east does not exist" in run.error


def test_the_options_of_the_page_exist() -> None:
    known = {"help", *file_options(main)}
    for command in main.commands.values():
        known |= set(file_options(command))
    named = set(re.findall(r"--([a-z][a-z-]+)", PAGE.read_text()))
    assert len(named) > 20
    assert {name.replace("-", "_") for name in named} <= known


def test_the_exit_codes_of_the_page_are_those_of_the_program() -> None:
    table = re.findall(r"^\| (\d+) \|", PAGE.read_text(), re.MULTILINE)
    assert [int(code) for code in table] == [
        errors.EXIT_DONE,
        errors.EXIT_FINDINGS,
        errors.EXIT_USAGE,
        errors.EXIT_SOURCE,
        endings.EXIT_DEFECT,
        endings.EXIT_INTERRUPTED,
    ]
