"""What the plan of `observe bootstrap local` refuses before anything changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import Observe

pytestmark = pytest.mark.integration


def test_the_plan_refuses_a_rule_file_without_groups(observe: Observe, tmp_path: Path) -> None:
    file = tmp_path / "mine.yml"
    file.write_text("rules: []\n")
    run = observe("bootstrap", "local", "--rules", str(file))
    assert run.code == 2
    assert f"{file} is no rule file" in run.error.replace("\n", " ")
    assert not Path("observe-stack").exists()


def test_the_plan_refuses_a_targets_file_that_is_no_list(observe: Observe, tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text("targets: [a:1]\n")
    run = observe("bootstrap", "local", "--targets-file", str(file))
    assert run.code == 2
    assert f"{file} is no list of targets" in run.error.replace("\n", " ")


def test_the_plan_refuses_a_receiver_whose_file_is_missing(
    observe: Observe, tmp_path: Path
) -> None:
    stack = tmp_path / "stack.yaml"
    stack.write_text("alerting: {receiver: slack}\n")
    folder = tmp_path / "s"
    run = observe("bootstrap", "local", "--stack", str(stack), "--folder", str(folder))
    assert run.code == 2
    assert f"{folder / 'secrets' / 'slack-url'} cannot be read" in run.error.replace("\n", " ")
    assert not folder.exists()
