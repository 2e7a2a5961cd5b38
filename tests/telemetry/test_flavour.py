from __future__ import annotations

from collections.abc import Callable

import pytest
from known_week import END, START
from scripted_api import Api, Asked, Reply, at_moments, success

from observe.errors import SourceError
from observe.telemetry.client import PrometheusClient
from observe.telemetry.findings import kind_of
from observe.telemetry.flavour import survey

URL = "http://prom"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"istio_request_duration_seconds_bucket", "istio_requests_total"}, "before Istio 1.5"),
        ({"istio_tcp_sent_bytes_total"}, "only TCP metrics"),
        ({"workload:istio_requests_total"}, "only recorded Istio series such as workload:"),
        ({"container_cpu_usage_seconds_total"}, "holds no Istio metrics"),
        (set(), "holds no Istio metrics"),
    ],
)
def test_telemetry_that_cannot_be_read_is_named(names: set[str], said: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        kind_of(frozenset(names), URL)
    assert caught.value.hint


def test_a_mesh_that_was_upgraded_from_mixer_is_read() -> None:
    names = {
        "istio_requests_total",
        "istio_request_duration_seconds_bucket",
        "istio_request_duration_milliseconds_bucket",
    }
    assert kind_of(frozenset(names), URL) == "raw"


def _one(asked: Asked, samples: list[tuple[float, str]]) -> Reply:
    """The samples of one series, in the last hour before a moment."""
    now = float(asked.params["time"])
    recent = [[at, value] for at, value in samples if now - 3600 < at <= now]
    found = [{"metric": {}, "values": recent}] if recent else []
    return success({"resultType": "matrix", "result": found})


def test_a_dead_last_hour_does_not_hide_what_there_is(api: Callable[..., Api]) -> None:
    begin = START.timestamp()
    scrapes = [(begin + 100_000 + 15 * i, str(i)) for i in range(4_000)]

    def answer(asked: Asked) -> Reply:
        if asked.path.endswith("/values"):
            return success(["istio_requests_total"])
        if asked.path.endswith("/labels"):
            return success(["reporter", "pod"])
        query = asked.params["query"]
        if query.startswith("istio_requests_total"):
            return _one(asked, scrapes)
        if "topk" in query:
            return at_moments(asked, ({}, [(begin, "3"), (begin + 100_000, "240")]))
        labels = {"__name__": "istio_requests_total", "reporter": "waypoint"}
        dead = (begin + 160_000, "0")
        return at_moments(asked, (labels, [(begin, "40"), (begin + 100_000, "70"), dead]))

    found = survey(PrometheusClient(api(answer).url), START, END)
    assert found.scrape_seconds == 15
    assert found.reporters == ("waypoint",)
    assert found.series == 70
    assert found.busiest == START + (END - START) / 4
    assert found.replica_labels == ()
    (warning,) = found.warnings
    assert "no latencies to learn from" in warning


def test_an_interval_that_cannot_be_found_is_assumed_and_said_so(api: Callable[..., Api]) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path.endswith("/values"):
            return success(["istio_requests_total", "istio_request_duration_milliseconds_bucket"])
        if asked.path.endswith("/labels"):
            return success([])
        return at_moments(asked, warnings=["a store is away"])

    found = survey(PrometheusClient(api(answer).url), START, END)
    assert found.scrape_seconds == 60
    assert found.warnings == (
        "the scrape interval could not be found; 60 s is assumed",
        "a store is away",
    )


def test_a_proxy_that_offers_queries_only_is_asked_in_promql(api: Callable[..., Api]) -> None:
    begin = START.timestamp()

    def answer(asked: Asked) -> Reply:
        if not asked.path.endswith("/query"):
            return Reply(404, b"no such path")
        query = asked.params["query"]
        if query.startswith("istio_requests_total"):
            return success({"resultType": "matrix", "result": []})
        if "topk" in query:  # the count alone has to tell
            return at_moments(asked, ({}, [(begin, "120")]))
        if "count without (prometheus_replica)" in query:
            return at_moments(asked, ({}, [(begin, "0.5")]))
        return at_moments(asked, ({"__name__": "istio_requests_total"}, [(begin, "4")]))

    found = survey(PrometheusClient(api(answer).url), START, END)
    assert found.names == {"istio_requests_total"}
    assert found.scrape_seconds == 30
    assert found.replica_labels == ("prometheus_replica",)
