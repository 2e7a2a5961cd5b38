"""Which label tells proxies apart, and how much there is to read about them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from known_proxies import START, mesh
from known_week import END
from scripted_api import Api, Asked, Reply, failure, success

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.telemetry.client import PrometheusClient
from observe.telemetry.planner import PlannedEntry
from observe.telemetry.prepare import prepare
from observe.telemetry.probes import proxy_label

METRIC = "istio_requests_total"


def _chosen(
    api: Callable[..., Api], labels: tuple[str, ...] | None, counts: dict[str, int] | None
) -> tuple[str | None, list[str]]:
    """The label, and what was asked for it; without counts the server refuses."""

    def answer(asked: Asked) -> Reply:
        if counts is None:
            return failure(422, "execution", "no")
        found = [{"metric": {"of": label}, "value": [0, str(n)]} for label, n in counts.items()]
        return success({"resultType": "vector", "result": found})

    server = api(answer)
    found = proxy_label(PrometheusClient(server.url), METRIC, labels, END)
    return found, [asked.params["query"] for asked in server.asked]


def test_a_single_label_needs_no_question(api: Callable[..., Api]) -> None:
    assert _chosen(api, ("le", "pod"), None) == ("pod", [])
    assert _chosen(api, ("cluster", "reporter"), None) == (None, [])  # a sum over proxies


@pytest.mark.parametrize(
    ("labels", "counts", "chosen"),
    [
        (("instance", "pod"), {"instance": 7, "pod": 7}, "instance"),
        (("instance", "pod"), {"instance": 1, "pod": 7}, "pod"),
        (("instance", "pod"), {"instance": 9, "pod": 7}, "instance"),
        (("instance", "pod"), {}, "instance"),
        (("instance", "pod"), None, "instance"),
        (None, {"pod_name": 4}, "pod_name"),
    ],
)
def test_the_label_with_most_values_is_taken(
    api: Callable[..., Api],
    labels: tuple[str, ...] | None,
    counts: dict[str, int] | None,
    chosen: str,
) -> None:
    found, asked = _chosen(api, labels, counts)
    assert found == chosen
    assert len(set(asked)) == 1
    assert f'count(count by (instance) ({METRIC}{{instance!=""}}))' in asked[0]


def _plan(server: PrometheusServer) -> dict[str, PlannedEntry]:
    with PrometheusClient(server.url) as client:
        return {planned.entry.name: planned for planned in prepare(client, START, END).plan}


@pytest.mark.integration
def test_failures_and_what_is_exposed_are_sized_by_what_comes_back(
    prometheus_server: Callable[..., PrometheusServer],
) -> None:
    found = mesh()
    server = prometheus_server(flags=HISTORY_FLAGS)
    push(server.url, found.labels, found.times_ms, found.values)
    plan = _plan(server)
    assert plan["proxies"].size.returned == 6  # two clients, three servers of pay, one of ledger
    assert plan["hosts"].size.returned == 4
    assert plan["host-errors"].size.returned == 3  # 503 and 0 of one host, gRPC status 14
    assert plan["envoy-exposed"].size.returned == 2 * 3  # pods and statistics
    assert {planned.path for planned in plan.values()} == {"PromQL"}
    assert all(len(planned.pieces) == 1 for planned in plan.values())


@pytest.mark.integration
def test_a_mesh_without_failures_is_not_taken_for_one_that_only_fails(
    prometheus_server: Callable[..., PrometheusServer],
) -> None:
    found = mesh(envoy=False)
    fine = [i for i, own in enumerate(found.labels) if own.get("response_code") == "200"]
    fine = [i for i in fine if found.labels[i].get("grpc_response_status") != "14"]
    server = prometheus_server(flags=HISTORY_FLAGS)
    push(server.url, [found.labels[i] for i in fine], found.times_ms, found.values[fine])
    plan = _plan(server)
    assert (plan["host-errors"].size.read, plan["host-errors"].size.returned) == (0, 1)
    assert plan["host-errors"].size.counted
