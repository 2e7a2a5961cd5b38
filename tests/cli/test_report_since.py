"""What `observe report` compares a report with."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from running import Observe

FOLDER = Path("observe-report")


def _edit(folder: Path, *, days: int) -> str:
    """Move the window of a written report, and give one of its timeouts; the timeout's service."""
    path = folder / "recommendations.json"
    document = json.loads(path.read_text())
    for end in ("start", "end"):
        moment = datetime.fromisoformat(document["window"][end]) + timedelta(days=days)
        document["window"][end] = moment.isoformat()
    first = next(r for r in document["recommendations"] if r["kind"] == "timeout")
    first["proposed"]["timeout"] = "77s"
    path.write_text(json.dumps(document))
    return str(first["target"]["service"]).split(".")[0]


def _since(folder: Path = FOLDER) -> str:
    text = (folder / "report.md").read_text()
    if "## Since the last report" not in text:
        return ""
    return text.split("## Since the last report")[1].split("## Recommendations")[0]


def test_the_report_of_last_week_in_the_same_folder_is_compared_with(
    observe: Observe, snapshot_folder: Path
) -> None:
    arguments = ("report", "--snapshot", snapshot_folder)
    assert observe(*arguments).code == 0
    assert _since() == ""
    name = _edit(FOLDER, days=-7)
    assert observe(*arguments).code == 0
    assert f"Timeout of {name} (shop, cluster east): proposal moved from 77 s to" in _since()


def test_the_same_window_again_is_not_compared_unless_it_is_asked_for(
    observe: Observe, snapshot_folder: Path
) -> None:
    arguments = ("report", "--snapshot", snapshot_folder)
    assert observe(*arguments).code == 0
    assert observe(*arguments).code == 0
    assert _since() == ""
    assert observe(*arguments, "--since", FOLDER, "--output", "again").code == 0
    assert "- Nothing changed." in _since(Path("again"))


def test_an_old_report_that_cannot_be_read_is_no_reason_to_stop(
    observe: Observe, snapshot_folder: Path
) -> None:
    FOLDER.mkdir()
    (FOLDER / "recommendations.json").write_text('{"schemaVersion": "observe/v0"}')
    run = observe("report", "--snapshot", snapshot_folder)
    assert run.code == 0
    assert "not compared with the last report" in run.err
    assert _since() == ""


@pytest.mark.parametrize("text", ["", "[]", '{"schemaVersion": "observe/v0"}'])
def test_a_report_that_is_named_has_to_be_one(
    observe: Observe, snapshot_folder: Path, text: str
) -> None:
    Path("old.json").write_text(text)
    run = observe("report", "--snapshot", snapshot_folder, "--since", "old.json")
    assert run.code == 2
    assert "old.json" in run.error
    assert not FOLDER.exists()
