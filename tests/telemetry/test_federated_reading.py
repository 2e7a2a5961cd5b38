"""The federated reading is right for pods that come, restart and go; the documented one is not.

On a model of `rate()` in pure Python, over histories that are drawn at random.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rate_model import (
    EVALUATION,
    SCRAPE,
    SETTLE,
    History,
    counted_total,
    increase,
    recorded_total,
    summed_total,
)

from observe.telemetry.recorded import EVALUATION_SECONDS, RATE_SECONDS, SETTLE_SECONDS

#: Everybody has gone for longer than a rate spans when the window ends.
END = 3600.0
#: Scrape intervals of requests that may be seen wrongly per start of a process (docs/method.md).
BOUND = 1.5


@st.composite
def histories(draw: st.DrawFn) -> History:
    lives = draw(st.lists(st.floats(45, 900), min_size=1, max_size=4))
    starts = [draw(st.floats(0, 600))]
    for life in lives:
        starts.append(min(starts[-1] + life, END - RATE_SECONDS - EVALUATION - SETTLE))
    return History(
        phase=draw(st.floats(0, SCRAPE, exclude_max=True)),
        starts=tuple(dict.fromkeys(starts)),
        per_second=draw(st.floats(0.1, 100)),
    )


def in_doubt(pods: list[History]) -> float:
    """Requests of one scrape interval, for each start of a process."""
    return sum(pod.per_second * SCRAPE * (len(pod.starts) - 1) for pod in pods)


def test_the_model_has_the_pace_of_the_rules() -> None:
    assert (EVALUATION, SETTLE) == (EVALUATION_SECONDS, SETTLE_SECONDS)


def test_the_model_extrapolates_as_prometheus_does() -> None:
    """2 a second from 0 to 12 min, seen from 9 to 14 min: 360, and half a scrape beyond the end."""
    samples = [(15.0 * n, 30.0 * n) for n in range(49)]
    assert increase(samples, 540, 840) == pytest.approx(375)
    assert increase(samples, 300, 600) == pytest.approx(600)
    assert increase(samples[:1], 0, 300) == 0


@settings(max_examples=60, deadline=None)
@given(pods=st.lists(histories(), min_size=1, max_size=5), phase=st.floats(0, EVALUATION))
def test_recorded_rates_add_up_to_what_was_served(pods: list[History], phase: float) -> None:
    served = sum(pod.served for pod in pods)
    assert abs(recorded_total(pods, END, phase) - served) <= BOUND * in_doubt(pods)


@settings(max_examples=60, deadline=None)
@given(pods=st.lists(histories(), min_size=1, max_size=5), phase=st.floats(0, EVALUATION))
def test_recorded_rates_add_up_to_what_the_counters_tell(pods: list[History], phase: float) -> None:
    """Each reading has its own error; the one of counters meets more borders of windows."""
    off = recorded_total(pods, END, phase) - counted_total(pods, END)
    assert abs(off) <= 2 * BOUND * in_doubt(pods)


def test_a_sum_of_counters_counts_all_that_remains_anew_when_a_pod_goes_away() -> None:
    """Ten pods, one of which ends: nine keep an hour of requests, which come on top."""
    pods = [History(1.0 * n, (0.0, 3000.0 if n else 1800.0), 10.0) for n in range(10)]
    served = sum(pod.served for pod in pods)
    assert recorded_total(pods, END, 0) == pytest.approx(served, rel=0.005)
    assert summed_total(pods, END) > 1.5 * served
