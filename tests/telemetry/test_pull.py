"""Plans carried out against a real Prometheus: raw, in PromQL, and raw with faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from fault_proxy import Fault, FaultProxy, Request
from known_week import END, START, eventful_week

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.telemetry.cache import DayCache
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.frames import ALL
from observe.telemetry.prepare import prepare
from observe.telemetry.pull import Pulled, pull
from observe.telemetry.session import retry_policy
from observe.telemetry.snapshot import Snapshot

Servers = Callable[..., PrometheusServer]
pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(prometheus_server: Servers) -> PrometheusServer:
    week = eventful_week()
    running = prometheus_server(flags=HISTORY_FLAGS)
    push(running.url, week.labels, week.times_ms, week.values)
    return running


@pytest.fixture(scope="module")
def in_promql(server: PrometheusServer) -> Snapshot:
    return collect(PrometheusClient(server.url), START, END)


def _client(url: str) -> PrometheusClient:
    return PrometheusClient(url, retry_policy(backoff_seconds=0.001))


def _assert_close(left: Snapshot, right: Snapshot) -> None:
    assert left.manifest.missing == ()
    for spec in ALL:
        pd.testing.assert_frame_equal(
            getattr(left, spec.name), getattr(right, spec.name), check_exact=False, rtol=1e-12
        )


def _reads(proxy: FaultProxy) -> int:
    return sum(request.path.endswith("/read") for request in proxy.seen)


def test_read_raw_the_week_is_the_same(
    server: PrometheusServer, in_promql: Snapshot, raw: None
) -> None:
    with FaultProxy(server.url) as proxy:
        _assert_close(collect(_client(proxy.url), START, END), in_promql)
        # requests with coverage and proxies, buckets, their sum, their count; hosts, both errors
        assert _reads(proxy) == 7
        assert not [r for r in proxy.seen if "increase(istio" in r.query]


def test_days_read_raw_are_kept_and_used_again(
    server: PrometheusServer, in_promql: Snapshot, raw: None, tmp_path: Path
) -> None:
    client = _client(server.url)
    cache = DayCache.of(tmp_path, client.settings)
    first = collect(client, START, END, cache=cache)
    assert cache.used == {"kept": 8 * 7}
    with FaultProxy(server.url) as proxy:
        behind = replace(cache, url=server.url)  # the same server, by another way
        again = collect(_client(proxy.url), START, END, cache=behind)
        assert _reads(proxy) == 0
    for spec in ALL:
        pd.testing.assert_frame_equal(
            getattr(again, spec.name), getattr(first, spec.name), check_exact=True
        )
    _assert_close(first, in_promql)


@pytest.mark.parametrize("status", [404, 403, 501])
def test_a_server_without_remote_read_is_asked_in_promql(
    server: PrometheusServer, in_promql: Snapshot, raw: None, status: int
) -> None:
    def decide(request: Request) -> Fault | None:
        return Fault(status=status, body=b"no") if request.path.endswith("/read") else None

    with FaultProxy(server.url, decide) as proxy:
        _assert_close(collect(_client(proxy.url), START, END), in_promql)
        assert _reads(proxy) <= 7


@pytest.mark.parametrize(
    "fault", [Fault(cut=0.5), Fault(drop=True), Fault(status=503, body=b"busy")]
)
def test_a_raw_read_that_fails_is_asked_for_in_promql_and_the_others_are_used(
    server: PrometheusServer, in_promql: Snapshot, raw: None, fault: Fault, tmp_path: Path
) -> None:
    reads: list[str] = []

    def decide(request: Request) -> Fault | None:
        if not request.path.endswith("/read"):
            return None
        reads.append(request.key)
        return fault if len(reads) == 2 else None

    with FaultProxy(server.url, decide) as proxy:
        client = _client(proxy.url)
        cache = DayCache.of(tmp_path, client.settings)
        _assert_close(collect(client, START, END, cache=cache), in_promql)
        assert [r for r in proxy.seen if r.query and "[3600s]" in r.query]
    assert cache.used["kept"] == 8 * 7  # what came in another way is complete too


def test_a_plan_is_divided_by_label_and_gives_the_same(
    server: PrometheusServer, in_promql: Snapshot
) -> None:
    client = _client(server.url)
    prepared = prepare(client, START, END)
    codes = (('response_code="200"',), ('response_code!="200"',))
    plan = tuple(
        replace(planned, shards=codes, longest=50)
        if "response_code" in planned.entry.by
        else planned
        for planned in prepared.plan
    )
    pulled: Pulled = pull(client, replace(prepared, plan=plan))
    assert pulled.missing == []
    latency = pulled.tables["latency"]
    assert latency.values.sum() == pytest.approx(in_promql.latency["requests"].sum(), rel=1e-12)
    requests = pulled.tables["requests"]
    assert requests.values.sum() == pytest.approx(in_promql.requests["requests"].sum(), rel=1e-12)
