"""Evaluations that did not arrive: the others stand for them, within what a rate speaks of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observe.telemetry.assemble import Table
from observe.telemetry.gaps import bridged
from observe.telemetry.recorded import ARRIVED, recorded_entries
from observe.telemetry.steps import Steps

START = datetime(2026, 1, 5, tzinfo=UTC)
STEPS = Steps(START, START + timedelta(hours=2), 300, 3600)
ENTRIES = {entry.name: entry for entry in recorded_entries(60)}
FIRST = round(START.timestamp() * 1000)


def table(cluster: str, step: int, *values: float) -> Table:
    """One series of one cluster, a value a step; 0 is no sample."""
    there = [i for i, value in enumerate(values) if value]
    return Table(
        labels=pd.DataFrame({"cluster": [cluster]}),
        series=np.zeros(len(there), dtype=np.int64),
        time=np.array([FIRST + i * step * 1000 for i in there], dtype=np.int64),
        values=np.array([values[i] for i in there], dtype=np.float64),
    )


def requests(arrived: list[float], values: list[float]) -> list[float]:
    tables = {ARRIVED: table("east", 300, *arrived), "requests": table("east", 300, *values)}
    return bridged(tables, ENTRIES, STEPS, 60)["requests"].values.tolist()


def test_a_step_with_two_of_five_evaluations_counts_for_five() -> None:
    assert requests([5, 2, 5], [100, 40, 100]) == [100, 100, 100]


def test_a_whole_step_is_left_as_it_is() -> None:
    assert requests([5, 5, 5], [100, 3, 100]) == [100, 3, 100]


def test_an_evaluation_more_than_expected_takes_nothing_away() -> None:
    assert requests([6], [120]) == [120]


def test_a_step_without_any_evaluation_stays_empty() -> None:
    assert requests([5, 0, 5], [100, 0, 100]) == [100, 100]


def test_hours_of_durations_grow_as_their_steps_of_requests_do() -> None:
    arrived = [5.0] * 12
    arrived[3:6] = [2.0, 0.0, 5.0]
    tables = {
        ARRIVED: table("east", 300, *arrived),
        "latency": table("east", 3600, 520.0),
        "requests": table("east", 300, *(n * 10 for n in arrived)),
    }
    found = bridged(tables, ENTRIES, STEPS, 60)
    assert found["requests"].values.sum() == pytest.approx(550)
    assert found["latency"].values.tolist() == [pytest.approx(520 * 55 / 52)]


def test_other_clusters_and_other_frames_are_left_alone() -> None:
    tables = {
        ARRIVED: table("east", 300, 1),
        "requests": table("west", 300, 10),
        "memory": table("east", 3600, 7),
    }
    found = bridged(tables, ENTRIES, STEPS, 60)
    assert found["requests"].values.tolist() == [10]
    assert found["memory"].values.tolist() == [7]
    assert ARRIVED not in found


def test_a_heartbeat_without_a_cluster_speaks_for_all() -> None:
    tables = {ARRIVED: table("", 300, 1), "requests": table("west", 300, 10)}
    assert bridged(tables, ENTRIES, STEPS, 60)["requests"].values.tolist() == [50]


def test_without_a_heartbeat_nothing_is_changed() -> None:
    tables = {"requests": table("east", 300, 10)}
    assert bridged(tables, ENTRIES, STEPS, 60) == tables


def test_rates_beyond_the_gap_do_not_speak_for_more_than_their_span() -> None:
    hourly = Steps(START, START + timedelta(hours=2), 3600, 3600)
    entries = {"requests": replace(ENTRIES["requests"])}
    tables = {ARRIVED: table("east", 3600, 10), "requests": table("east", 3600, 100)}
    found = bridged(tables, entries, hourly, 60)
    assert found["requests"].values.tolist() == [pytest.approx(150)]  # 10 minutes and a span of 5


@given(
    arrived=st.lists(st.integers(0, 5), min_size=24, max_size=24),
    rate=st.floats(0.1, 1000),
)
def test_steady_traffic_is_counted_whole_wherever_a_step_has_an_evaluation(
    arrived: list[int], rate: float
) -> None:
    found = requests([float(n) for n in arrived], [rate * 60 * n for n in arrived])
    assert found == pytest.approx([rate * 300] * sum(n > 0 for n in arrived))
