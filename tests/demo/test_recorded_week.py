"""The recorded rates that the demo computes are those that Prometheus evaluates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from meshes import MONDAY, mesh

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.history import write_block
from observe.demo.recorded_week import (
    RULES,
    Recorder,
    grouped,
    parsed,
    workload_of,
)
from observe.demo.simulate import SeriesBlock, simulate
from observe.demo.truth import Gap
from observe.telemetry.client import PrometheusClient
from observe.telemetry.recorded import HEARTBEAT, RECORDINGS, Recording

Sample = tuple[frozenset[tuple[str, str]], int]


@pytest.fixture(scope="module")
def blocks() -> list[SeriesBlock]:
    gaps = (Gap("east", 20.0, 0.15), Gap("east", 26.02, 0.04))
    return list(simulate(mesh(gaps=gaps), 1, MONDAY, 2))


@pytest.fixture(scope="module")
def recorded(blocks: list[SeriesBlock]) -> list[SeriesBlock]:
    recorder = Recorder(60)
    return [recorder.record(block, ("east",)) for block in blocks]


def _computed(recorded: list[SeriesBlock], name: str, first: int, last: int) -> dict[Sample, float]:
    found = {}
    for block in recorded:
        chosen = (block.timestamps_ms >= first) & (block.timestamps_ms <= last)
        for labels, values in zip(block.labels, block.values, strict=True):
            if labels["__name__"] == name:
                key = frozenset((k, v) for k, v in labels.items() if v and k != "__name__")
                for at, value in zip(block.timestamps_ms[chosen], values[chosen], strict=True):
                    if not np.isnan(value):
                        found[key, int(at)] = float(value)
    return found


def _evaluated(
    client: PrometheusClient, rule: Recording, first: int, last: int
) -> dict[Sample, float]:
    start, end = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (first, last))
    answer = client.range(rule.expression, start, end, 60)
    keys = [frozenset(labels.items()) for labels in answer.labels]
    triples = zip(
        answer.series.tolist(), answer.times_ms.tolist(), answer.values.tolist(), strict=True
    )
    return {(keys[series], at): value for series, at, value in triples}


@pytest.mark.integration
def test_every_rule_gives_what_prometheus_evaluates(
    prometheus_server: Callable[..., PrometheusServer],
    blocks: list[SeriesBlock],
    recorded: list[SeriesBlock],
) -> None:
    server = prometheus_server(flags=HISTORY_FLAGS, retention="100y")
    for block in blocks:
        write_block(server.url, block)
    compared = 0
    # the beginning of all records; a rollout and a gap of nine minutes; midnight; the end
    moments = recorded[1].timestamps_ms, recorded[2].timestamps_ms
    spans = [
        (recorded[0].timestamps_ms[0], moments[0][9]),
        (moments[0][0], moments[0][-1]),
        (moments[0][-3], moments[1][3]),
        (moments[1][-9], moments[1][-1]),
    ]
    with PrometheusClient(server.url) as client:
        for first, last in spans:
            for rule in RECORDINGS:
                computed = _computed(recorded, rule.name, int(first), int(last))
                evaluated = _evaluated(client, rule, int(first), int(last))
                assert computed == pytest.approx(evaluated, rel=1e-9, abs=1e-12), rule.name
                compared += len(computed)
    assert compared > 100_000


def test_the_heartbeat_of_each_cluster_is_its_moment(recorded: list[SeriesBlock]) -> None:
    block = recorded[1]
    row = [i for i, labels in enumerate(block.labels) if labels["__name__"] == HEARTBEAT]
    assert [block.labels[i]["cluster"] for i in row] == ["east"]
    assert (block.values[row[0]] == block.timestamps_ms / 1000).all()


def test_evaluations_are_a_minute_apart_across_days(recorded: list[SeriesBlock]) -> None:
    moments = np.concatenate([block.timestamps_ms for block in recorded])
    assert set(np.diff(moments).tolist()) == {60_000}
    assert moments[0] == round((MONDAY + timedelta(seconds=15)).timestamp() * 1000)


def test_all_recordings_are_taken_apart_with_the_labels_that_they_keep() -> None:
    assert [rule.name for rule in RULES] == [recording.name for recording in RECORDINGS]
    by_name = {rule.name: rule for rule in RULES}
    pods = by_name["workload:container_pods:count"]
    assert (pods.aggregate, pods.counter, pods.by) == (
        "count",
        False,
        ("cluster", "namespace", "workload", "container"),
    )
    assert by_name["workload:istio_request_duration_milliseconds_bucket:rate5m"].by[-1] == "le"


def test_a_rule_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="has a form that the demo cannot compute"):
        parsed(Recording("x:y:z", "y", "topk(3, y)"))


def test_groups_are_summed_counted_and_maximised_without_absent_values() -> None:
    values = np.array([[1.0, np.nan], [2.0, np.nan], [4.0, 8.0]])
    group = np.array([1, 0, 1])
    results: dict[str, Any] = {
        "sum": [[2.0, np.nan], [5.0, 8.0]],
        "max": [[2.0, np.nan], [4.0, 8.0]],
        "count": [[1.0, np.nan], [2.0, 1.0]],
    }
    for aggregate, expected in results.items():
        np.testing.assert_array_equal(grouped(values, group, aggregate), expected)


@pytest.mark.parametrize(
    ("pod", "workload"),
    [
        ("cart-7c5d9f6b84-q2wzr", "cart"),
        ("ztunnel-4kq7x", "ztunnel"),
        ("kafka-2", "kafka"),
        ("bare", "bare"),
        ("", ""),
    ],
)
def test_a_pods_name_tells_its_workload(pod: str, workload: str) -> None:
    assert workload_of(pod) == workload
