"""Usage, settings and restarts that are known to be true, and what a Prometheus makes of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from meshes import MONDAY, RHYTHM

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.container_frames import restarts_frame, usage_frame
from observe.demo.containers import MEBIBYTE, containers_of, served_rps
from observe.demo.habits import Habits
from observe.demo.load import load_week
from observe.demo.mixture import lognormal
from observe.demo.simulate import snapshot_from_truth
from observe.demo.truth import Edge, Service, Truth, Workload
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.snapshot import Snapshot

END = MONDAY + timedelta(days=1)
LEAKY = Habits(
    memory_limit=600 * MEBIBYTE,
    leak_bytes_per_hour=90 * MEBIBYTE,
    startup_cores=0.4,
    startup_minutes=10.0,
    cpu_limit=2.0,
)
CLIENT = Workload("east", "shop", "web", replicas=3, skew=1.0, containers=True)
SERVER = Workload(
    "east", "shop", "api", replicas=2, rollouts=(14.0,), containers=True, habits=LEAKY
)
TRUTH = Truth((Edge(CLIENT, Service(SERVER, lognormal(50, 0.3), RHYTHM), 20.0),), seed=5)
HOURS = np.arange(24)
AT = pd.Timestamp(MONDAY)
Both = tuple[Snapshot, Snapshot]


@pytest.fixture(scope="module")
def both(prometheus_server: Callable[..., PrometheusServer]) -> Both:
    server = prometheus_server(flags=HISTORY_FLAGS, retention="100y")
    load_week(server.url, TRUTH, 1, END, days=1)
    collected = collect(PrometheusClient(server.url), MONDAY, END)
    return collected, snapshot_from_truth(TRUTH, 1, MONDAY, days=1)


def _of(frame: pd.DataFrame, workload: str, container: str = "app") -> pd.DataFrame:
    chosen = (frame["workload"] == workload) & (frame["container"] == container)
    return frame[chosen].set_index("time").sort_index()


@pytest.mark.integration
def test_usage_is_the_same_within_the_noise(both: Both) -> None:
    for workload in ("web", "api"):
        for container in ("app", "istio-proxy"):
            left, right = (_of(s.usage, workload, container) for s in both)
            assert left.index.tolist() == right.index.tolist()
            assert len(left) == 288
            # the rollout at two o'clock: pods that are new have no rate yet
            near = slice(MONDAY + timedelta(hours=13.8), MONDAY + timedelta(hours=14.3))
            left, right = (f.drop(f.loc[near].index) for f in (left, right))
            for column in ("cpu_cores", "cpu_busiest"):
                assert left[column].mean() == pytest.approx(right[column].mean(), rel=0.02)
                # gamma noise over four or five scrapes of each of 2 or 3 pods
                ratio = (left[column] / right[column]).to_numpy()
                assert np.quantile(np.abs(ratio - 1), 0.9) < 0.16, column
            assert (left["memory_busiest"] / right["memory_busiest"]).mean() == pytest.approx(
                1, abs=0.003
            )
            assert left["throttled"].mean() == pytest.approx(right["throttled"].mean(), abs=0.004)
            assert set(left["pods"]) == set(right["pods"])


@pytest.mark.integration
def test_settings_restarts_and_autoscalers_are_the_same(both: Both) -> None:
    collected, drawn = both
    for name in ("resources", "autoscalers", "restarts"):
        pd.testing.assert_frame_equal(getattr(collected, name), getattr(drawn, name))
    assert len(collected.resources) == 4
    app = collected.resources[collected.resources["container"] == "app"].set_index("workload")
    assert app.loc["api", "memory_limit"] == 600 * MEBIBYTE
    assert app.loc["api", "cpu_request"] == 0.5
    assert set(collected.autoscalers["most_replicas"]) == {2.0, 3.0}


def test_a_leak_ends_in_a_kill_whenever_it_reaches_the_limit() -> None:
    (app, _) = containers_of(SERVER)
    lifetime = (600 * MEBIBYTE - app.base_bytes) / (90 * MEBIBYTE)
    assert app.lifetime == pytest.approx(lifetime)
    found = restarts_frame(TRUTH, HOURS, AT)
    # pods that are older than the window have lived an hour before it; the rollout begins anew
    ends = [*np.arange(lifetime - 1, 14, lifetime), *np.arange(14 + lifetime, 24, lifetime)]
    assert found["time"].dt.hour.tolist() == [int(hour) for hour in ends]
    assert found["oom_kills"].tolist() == [2.0] * len(ends)  # both pods
    assert len(ends) >= 2
    usage = _of(usage_frame(TRUTH, 1, HOURS, AT, 60.0), "api")
    assert usage["memory_busiest"].max() == 600 * MEBIBYTE


def test_a_start_costs_more_until_it_is_over() -> None:
    usage = _of(usage_frame(TRUTH, 1, HOURS, AT, 60.0), "api")["cpu_busiest"]
    after = usage.loc[MONDAY + timedelta(hours=14) :]
    rest = usage.loc[MONDAY + timedelta(hours=13.5) : MONDAY + timedelta(hours=13.95)].mean()
    assert after.iloc[0] == pytest.approx(rest + 0.4, rel=0.2)
    assert after.iloc[1] == pytest.approx(rest + 0.4, rel=0.2)
    assert after.iloc[2] == pytest.approx(rest, rel=0.2)


def test_the_busiest_replica_has_its_share_of_the_load() -> None:
    usage = _of(usage_frame(TRUTH, 1, HOURS, AT, 60.0), "web")
    (app, _) = containers_of(CLIENT)
    rps = served_rps(TRUTH, CLIENT, HOURS).ravel()
    expected = app.idle_cores + app.cores_per_rps * rps * 3 * 0.5  # shares of 2, 1 and 1
    free = expected < 0.9 * (app.limit_cores or 0)
    assert free.any()
    ratio = usage["cpu_busiest"].to_numpy()[free] / expected[free]
    assert ratio.mean() == pytest.approx(1, abs=0.02)
