from __future__ import annotations

from pathlib import Path

from running import Observe


def test_a_snapshot_is_not_asked(observe: Observe, snapshot_folder: Path) -> None:
    run = observe("report", "--snapshot", snapshot_folder, "--explain-queries")
    assert run.code == 2
    assert "goes with --prometheus" in run.error
