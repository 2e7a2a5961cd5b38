"""What is known to be true about containers is what their usage shows."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from meshes import MONDAY

from observe.demo.container_frames import restarts_frame, usage_frame
from observe.demo.container_truth import container_truth
from observe.demo.random_sizing_mesh import KINDS, kind_of, random_sizing_mesh

TRUTH = random_sizing_mesh(11).starting(MONDAY)
HOURS = np.arange(168)
KEYS = ["workload", "container"]


@pytest.fixture(scope="module")
def known() -> pd.DataFrame:
    return container_truth(TRUTH, HOURS).set_index(KEYS)


@pytest.fixture(scope="module")
def usage() -> pd.DataFrame:
    frame = usage_frame(TRUTH, 3, HOURS, pd.Timestamp(MONDAY), 60.0)
    return frame.astype(dict.fromkeys(KEYS, "str")).set_index(KEYS)


def _app(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    (name,) = (w.name for w in TRUTH.workloads if kind_of(w) == kind)
    return frame.loc[(name, "app")]


def test_every_kind_has_its_turn() -> None:
    kinds = [kind_of(w) for w in TRUTH.workloads if w.containers]
    assert sorted(kinds) == sorted(KINDS)


def test_one_percent_of_usage_exceeds_the_true_quantile(
    known: pd.DataFrame, usage: pd.DataFrame
) -> None:
    # one pod is the busiest in any step, so that the quantile is that of a single pod
    hot, true = _app(usage, "hot")["cpu_busiest"].to_numpy(), _app(known, "hot")
    assert (hot > np.repeat(true["cpu_p99"].to_numpy(), 12)).mean() == pytest.approx(
        0.01, abs=0.007
    )
    ratio = hot.reshape(168, 12).mean(axis=1) / true["cpu_mean"]
    assert ratio.mean() == pytest.approx(1.0, abs=0.01)


def test_a_week_of_a_killed_container_has_the_kills_that_are_true(known: pd.DataFrame) -> None:
    frame = restarts_frame(TRUTH, HOURS, pd.Timestamp(MONDAY))
    (workload,) = (w for w in TRUTH.workloads if kind_of(w) == "killed")
    assert set(frame["workload"]) == {workload.name}
    true = _app(known, "killed").set_index("hour")["kills"]
    assert 2 <= true.sum() <= 9
    hours = ((frame["time"] - pd.Timestamp(MONDAY)) / timedelta(hours=1)).astype(int)
    assert hours.tolist() == true[true > 0].index.tolist()
    assert frame["oom_kills"].tolist() == (true[true > 0] * workload.replicas).tolist()


def test_a_leak_grows_and_does_not_kill_within_the_week(known: pd.DataFrame) -> None:
    leak = _app(known, "leak")
    assert leak["kills"].sum() == 0
    days = leak["memory_most"].to_numpy().reshape(7, 24).max(axis=1)
    assert (np.diff(days) > 0).all()
    others = known.drop([w.name for w in TRUTH.workloads if kind_of(w) == "killed"])
    assert others["kills"].sum() == 0


def test_mondays_and_throttled_containers_want_more(
    known: pd.DataFrame, usage: pd.DataFrame
) -> None:
    monday = _app(known, "monday")["cpu_wanted"].to_numpy().reshape(7, 24).max(axis=1)
    assert monday[0] > 1.4 * monday[1:5].max()
    throttled = _app(usage, "throttled")["throttled"]
    assert throttled.max() > 0.3
    held = _app(known, "throttled")
    assert held["cpu_wanted"].max() > held["cpu_mean"].max()
    for kind in ("steady", "idle", "leak"):
        assert _app(usage, kind)["throttled"].max() == 0.0


def test_starts_after_a_rollout_are_in_the_wanted_cores(known: pd.DataFrame) -> None:
    (workload,) = (w for w in TRUTH.workloads if kind_of(w) == "startup")
    wanted = _app(known, "startup")["cpu_wanted"].to_numpy()
    for hour in (int(at) for at in workload.rollouts):
        around = max(wanted[hour], wanted[hour + 1])
        assert around > wanted[hour - 2] + 0.8 * workload.habits.startup_cores
