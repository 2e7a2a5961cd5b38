from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from observe.telemetry.assemble import Table
from observe.telemetry.coverage import coverage, silence_warnings
from observe.telemetry.frames import EDGE_KEYS, EDGES
from observe.telemetry.manifest import MissingPiece
from observe.telemetry.steps import Steps

START = datetime(2026, 3, 2, tzinfo=UTC)
NAN = float("nan")


def _steps(hours: int) -> Steps:
    return Steps(START, START + timedelta(hours=hours), 300, 3600)


def _edges(*workloads: str, reporter: str = "source") -> pd.DataFrame:
    frame = pd.DataFrame([dict.fromkeys(EDGE_KEYS, "x") for _ in workloads])
    frame["source_workload"] = list(workloads)
    frame["reporter"] = reporter
    frame.insert(0, "edge", range(len(frame)))
    return frame


def _samples(*rows: list[float]) -> Table:
    """Samples per edge (row) and hour; 0 for none."""
    grid = np.array(rows, dtype=float)
    edge, at = np.nonzero(grid)
    time = round(START.timestamp() * 1000) + at * 3_600_000
    labels = pd.DataFrame({"edge": range(len(rows))})
    return Table(labels, edge, time, grid[edge, at])


def test_a_gap_lowers_the_coverage() -> None:
    covered = coverage(_samples([60, 30, 60, 61]), _edges("web"), _steps(4), 60)
    assert covered.frame["samples"].tolist() == [60, 30, 60, 60]
    assert covered.frame["expected"].tolist() == [60] * 4
    assert covered.share == pytest.approx(210 / 240)
    assert not covered.silent.any()


def test_a_workload_is_covered_when_any_of_its_edges_is() -> None:
    rows = [60, 60, 60], [0, 0, 60]  # the second edge saw its first request in the last hour
    covered = coverage(_samples(*rows), _edges("web", "web"), _steps(3), 60)
    assert covered.share == 1
    assert covered.frame.groupby("edge")["samples"].sum().tolist() == [180, 180]


def test_servers_are_covered_by_their_own_proxy_whoever_calls() -> None:
    rows = [60, 60], [0, 60]
    edges = _edges("web", "api", reporter="destination")
    assert coverage(_samples(*rows), edges, _steps(2), 60).share == 1


def test_a_workload_that_came_late_or_went_early_has_no_gap() -> None:
    rows = [60, 60, 60, 60], [0, 60, 60, 0]
    covered = coverage(_samples(*rows), _edges("web", "job"), _steps(4), 60)
    assert covered.share == 1
    assert (covered.frame["edge"] == 1).sum() == 2


def test_hours_in_which_nothing_at_all_was_recorded_count_against_everyone() -> None:
    rows = [0, 60, 0, 60], [0, 0, 0, 60]
    covered = coverage(_samples(*rows), _edges("web", "job"), _steps(4), 60)
    assert covered.silent.tolist() == [True, False, True, False]
    assert covered.share == pytest.approx(3 * 60 / (7 * 60))
    assert (covered.frame["samples"] == 0).sum() == 4


def test_hours_that_could_not_be_asked_for_say_nothing() -> None:
    gap = MissingPiece(
        query="coverage",
        start=START + timedelta(hours=1),
        end=START + timedelta(hours=2),
        reason="",
    )
    covered = coverage(_samples([60, 0, 60]), _edges("web"), _steps(3), 60, [gap])
    assert covered.share == 1
    assert len(covered.frame) == 2
    assert not covered.silent.any()


def test_a_window_longer_than_the_retention_says_what_is_covered() -> None:
    silent = np.array([True] * 2 + [False] * 3 + [True])
    before, outage = silence_warnings(silent, _steps(6))
    assert "nothing was recorded before 2026-03-02 02:00 UTC" in before
    assert "3 hours of 6 hours are covered" in before
    assert "in 1 hour of the window" in outage
    assert silence_warnings(np.array([False]), _steps(1)) == []


def test_a_silence_below_an_hour_is_told_in_minutes() -> None:
    steps = Steps(START, START + timedelta(hours=2), 300, 1200)
    (outage,) = silence_warnings(np.array([False, True, False, False, False, False]), steps)
    assert "nothing was recorded in 20 minutes of the window" in outage


def test_a_single_sample_on_the_border_of_a_step_covers_nothing() -> None:
    covered = coverage(_samples([1, 60]), _edges("web"), _steps(2), 60)
    assert covered.silent.tolist() == [True, False]


def test_no_edges_mean_no_coverage() -> None:
    covered = coverage(None, EDGES.empty(), _steps(2), 60)
    assert covered.share == 0
    assert covered.frame.empty
