"""The table that a report leaves on the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import Observe

from observe.recommend.model import Advice


def _table(observe: Observe, snapshot: Path, width: int, patch: pytest.MonkeyPatch) -> list[str]:
    patch.setenv("COLUMNS", str(width))
    return observe("report", "--snapshot", snapshot).out.splitlines()


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (400, "target setting now proposed severity confidence why"),
        (110, "target setting now proposed severity confidence"),
        (80, "target setting proposed severity"),
    ],
)
def test_the_table_leaves_out_columns_before_it_breaks_a_name(
    observe: Observe,
    snapshot_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    width: int,
    columns: str,
) -> None:
    lines = _table(observe, snapshot_folder, width, monkeypatch)
    assert " ".join(lines[0].split()) == columns
    assert max(len(line) for line in lines[:-2]) <= width


def test_kinds_are_mixed_by_urgency_and_what_fits_is_counted_only(
    observe: Observe, snapshot_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = _table(observe, snapshot_folder, 400, monkeypatch)
    advice = Advice.model_validate_json(Path("observe-report/recommendations.json").read_text())
    changes = [r for r in advice.recommendations if r.severity != "ok"]
    rows = [line for line in lines[1:-2] if not line.startswith("... and ")]
    assert [row.split()[0] for row in rows] == [r.target.path for r in changes[:20]]
    assert len({r.kind for r in changes[:20]}) > 1
    fits = len(advice.recommendations) - len(changes)
    held = len(advice.withheld)
    assert lines[-2] == f"{len(changes)} to change, {fits} fit as they are, {held} withheld"
