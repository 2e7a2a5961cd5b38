"""Every query of every panel, asked of two real tiers: one with counters, one with rates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from dashboard_files import DASHBOARDS
from grafana_tiers import Tiers, two_tiers

from observe.grafana.dashboards import queries as q
from observe.grafana.dashboards.promql import CLIENT, SERVER
from observe.grafana.preview.ask import Answer, ask, panels
from observe.grafana.preview.variables import Span, chosen_values, fill, options
from observe.telemetry.client import PrometheusClient

pytestmark = pytest.mark.integration

#: What a description says when a panel has nothing to show for a known reason.
OFF = ("is off", "are off", "is not scraped", "Only on an edge tier", "No series: no report")


@pytest.fixture(scope="module")
def tiers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiers]:
    with two_tiers(Path(tmp_path_factory.mktemp("tiers"))) as both:
        yield both


def _span(end: datetime) -> Span:
    return Span(end - timedelta(hours=1), end, 60, 60)


def _alive(answer: Answer) -> bool:
    return any(np.isfinite(series.values).any() for series in answer.series)


@pytest.mark.parametrize("tier", ["edge", "external"])
@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_panel_answers(tiers: Tiers, tier: str, name: str) -> None:
    client, span = PrometheusClient(getattr(tiers, tier)), _span(tiers.end)
    values = chosen_values(DASHBOARDS[name], client, span, {})
    silent = []
    for panel in panels(DASHBOARDS[name]):
        if panel["fieldConfig"]["defaults"].get("noValue") == "0":
            answers = ask(panel, client, span, values)
            assert not any(a.error for a in answers), panel["title"]
            continue
        for answer in ask(panel, client, span, values):
            assert answer.error == "", (panel["title"], answer.expression)
            named = any(word in panel["description"] for word in OFF)
            if not _alive(answer) and not named:
                silent.append((panel["title"], answer.letter))
    assert silent == []


def test_hardly_any_panel_is_excused(tiers: Tiers) -> None:
    """An excuse is for what the demo lacks: on one tier or the other each such panel answers."""
    span = _span(tiers.end)
    both = [PrometheusClient(tiers.edge), PrometheusClient(tiers.external)]
    silent = set()
    for dashboard in DASHBOARDS.values():
        answered: dict[tuple[str, str], bool] = {}
        for client in both:
            values = chosen_values(dashboard, client, span, {})
            for panel in panels(dashboard):
                for answer in ask(panel, client, span, values):
                    key = (panel["title"], answer.letter)
                    answered[key] = answered.get(key, False) or _alive(answer)
        silent |= {key for key, alive in answered.items() if not alive}
    never = {
        ("CPU: usage, request and recommendation", "D"),
        ("Memory: usage, request and recommendation", "D"),
    }
    # the demo's week ends now: at some hours of a day nothing is near a limit
    at_times = {("Containers near memory limit", "A"), ("Containers throttled", "A")}
    assert never <= silent <= never | at_times


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_variable_finds_values_and_each_tier_the_same(tiers: Tiers, name: str) -> None:
    span = _span(tiers.end)
    found = []
    for url in (tiers.edge, tiers.external):
        client = PrometheusClient(url)
        values = chosen_values(DASHBOARDS[name], client, span, {})
        offered = {
            v["name"]: options(v, client, span, values)
            for v in DASHBOARDS[name]["templating"]["list"]
            if v["type"] == "query"
        }
        assert all(offered.values()), offered
        found.append(offered)
    assert found[0].keys() == found[1].keys()
    for variable in ("cluster", "service", "source"):
        assert found[0].get(variable) == found[1].get(variable)


def _value(url: str, expression: str, end: datetime) -> float:
    filled = fill(expression, _span(end).builtins() | {"__rate_interval": "300s"})
    answer = PrometheusClient(url).instant(filled, end)
    assert len(answer.values) == 1
    return float(answer.values[0])


def _newest(tiers: Tiers) -> datetime:
    """When rates were recorded last: between two evaluations the tiers show different moments."""
    query = "max(timestamp(workload:istio_requests:rate5m))"
    seconds = PrometheusClient(tiers.external).instant(query, tiers.end).values[0]
    # Samples have whole milliseconds, which a float may fall short of by a little.
    return datetime.fromtimestamp(round(float(seconds), 3) + 1e-5, UTC)


VIEW, POD = CLIENT.within('cluster=~".*"'), SERVER.within('cluster=~".*"')


@pytest.mark.parametrize(
    "expression",
    [
        q.requests(VIEW),
        q.requests(POD),
        q.failure_share(VIEW),
        q.latency(VIEW, 0.99),
        q.latency(POD, 0.5),
        q.mean_latency(VIEW),
        q.slow_share(VIEW, "1000"),
        q.mean_size(VIEW, "response"),
    ],
)
def test_both_tiers_show_the_same_number(tiers: Tiers, expression: str) -> None:
    moment = _newest(tiers)
    counters, rates = (_value(url, expression, moment) for url in (tiers.edge, tiers.external))
    assert counters == pytest.approx(rates, rel=1e-9)
    assert counters > 0


#: What the two servers rightly disagree about: themselves, and what only one of them holds.
OWN = ("Oldest cluster", "freshness", "Evaluations that arrived", "most series", "ztunnel memory")
#: Rates over Grafana's range on one side, sums of a minute's rates on the other; the ten largest of
#: many zeros; servers' own series, which are federated as they were scraped.
WINDOWED = "$__range", "[1h]", "[6h]", "increase(", "topk(", 'job="prometheus"'


def _by_labels(url: str, expression: str, end: datetime) -> dict[frozenset[tuple[str, str]], float]:
    span = _span(end).builtins() | {"__rate_interval": "300s"}
    values = dict.fromkeys(("cluster", "namespace", "service", "source", "workload"), ".*")
    filled = fill(expression, span | values | {"objective": "0.999", "bound": "1000"})
    answer = PrometheusClient(url).instant(filled, end)
    keys = [frozenset(labels.items()) for labels in answer.labels]
    return dict(zip(keys, answer.values[np.argsort(answer.series)].tolist(), strict=True))


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_panel_shows_the_same_on_both_tiers(tiers: Tiers, name: str) -> None:
    moment, compared, different = _newest(tiers), 0, []
    for panel in panels(DASHBOARDS[name]):
        for target in panel["targets"]:
            expression = target["expr"]
            edge_only = any(word in panel["description"] for word in OFF[3:])
            if edge_only or any(word in panel["title"] for word in OWN):
                continue
            if any(word in expression for word in WINDOWED):
                continue
            edge, external = (
                _by_labels(url, expression, moment) for url in (tiers.edge, tiers.external)
            )
            compared += 1
            if edge != pytest.approx(external, rel=1e-6, abs=1e-12, nan_ok=True):
                different.append((panel["title"], target["refId"], edge, external))
    assert compared >= 1
    assert [(title, letter) for title, letter, _, _ in different] == [], different[0]


def test_requests_are_those_of_one_reporter(tiers: Tiers) -> None:
    """Sidecars at both ends: sources, and the waypoints' own; never twice."""
    shown = _value(tiers.edge, q.requests(VIEW), tiers.end)
    parts = [
        'sum(rate(istio_requests_total{reporter="source"}[300s]))',
        'sum(rate(istio_requests_total{reporter="waypoint"}[300s]))',
        'sum(rate(istio_requests_total{reporter="destination",source_workload="unknown"}[300s]))',
    ]
    expected = sum(
        float(v)
        for part in parts
        for v in PrometheusClient(tiers.edge).instant(part, tiers.end).values
    )
    assert shown == pytest.approx(expected, rel=1e-9)


def test_a_chosen_service_narrows_every_panel_to_it(tiers: Tiers) -> None:
    client, span = PrometheusClient(tiers.external), _span(tiers.end)
    dashboard = DASHBOARDS["service.json"]
    host = "checkout.shop.svc.cluster.local"
    values = chosen_values(dashboard, client, span, {"service": [host]})
    requests = next(p for p in panels(dashboard) if p["title"] == "Requests")
    shown = ask(requests, client, span, values)[0].series[0].values[-1]
    alone = 'sum(workload:istio_requests:rate5m{reporter="source",destination_service="%s"})'
    expected = client.instant(alone % host, tiers.end).values[0]
    assert shown == pytest.approx(expected, rel=1e-9)
