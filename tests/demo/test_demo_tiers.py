"""Both tiers of the demo on real servers: a day in each, and the mesh that goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import requests
from meshes import api, mesh

from observe.bootstrap.binaries import find_binary
from observe.bootstrap.stack import Cluster, EdgeTier, ExternalTier, Stack
from observe.demo.history import History, load_history
from observe.demo.tiers import DemoTiers, going_on, two_tiers
from observe.errors import InputError
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.recorded import HEARTBEAT
from observe.telemetry.snapshot import Snapshot

pytestmark = pytest.mark.integration

#: As the demo's, but for people who do not want to wait.
QUICK = Stack(
    clusters=(Cluster(name="east"),),
    edge=EdgeTier(scrape_seconds=2, evaluation_seconds=3),
    external=ExternalTier(federation_seconds=1),
)
#: Few requests: what is rare shows whether rates lose it.
RPS = 8.0
#: What sidecars tell; waypoints are there for the last day only, at a pace of their own.
RATES = 'workload:istio_requests:rate5m{reporter!="waypoint"}'

Loaded = tuple[DemoTiers, History]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    try:
        find_binary("prometheus")
    except InputError as error:
        pytest.skip(str(error))
    with two_tiers(tmp_path_factory.mktemp("tiers")) as tiers:
        now = datetime.now(UTC)
        yield (
            tiers,
            load_history(tiers.edge.url, tiers.external.url, mesh(api(), rps=RPS), 3, now, days=1),
        )


def _snapshot(url: str, history: History) -> Snapshot:
    with PrometheusClient(url) as client:
        return collect(client, history.summary.start, history.summary.end)


def _ask(url: str, query: str) -> dict[str, float]:
    answer = requests.get(f"{url}/api/v1/query", params={"query": query}, timeout=20).json()
    assert answer["status"] == "success", answer
    return {
        ",".join(f"{k}={v}" for k, v in sorted(r["metric"].items())): float(r["value"][1])
        for r in answer["data"]["result"]
    }


def _until(condition: Callable[[], Any]) -> Any:
    for _ in range(300):
        if found := condition():
            return found
        time.sleep(0.2)
    return condition()


def test_the_external_tier_tells_what_the_edge_tier_tells(loaded: Loaded) -> None:
    tiers, history = loaded
    edge, external = (_snapshot(s.url, history) for s in (tiers.edge, tiers.external))
    assert (edge.manifest.source.flavour, external.manifest.source.flavour) == ("raw", "recorded")
    assert external.manifest.source.coverage > 0.995
    for name, column in (("requests", "requests"), ("latency", "requests")):
        ours, theirs = (float(getattr(s, name)[column].sum()) for s in (edge, external))
        assert theirs == pytest.approx(ours, rel=0.003), name
    codes = [s.requests.groupby("code", observed=True)["requests"].sum() for s in (edge, external)]
    assert set(codes[0].index) == set(codes[1].index)
    for code, count in codes[0].items():
        assert codes[1][code] == pytest.approx(count, rel=0.02), code


def test_containers_are_the_same_in_both_tiers(loaded: Loaded) -> None:
    tiers, history = loaded
    edge, external = (
        _snapshot(s.url, history).containers.sort_values(["time", "workload", "container"])
        for s in (tiers.edge, tiers.external)
    )
    assert len(edge) == len(external) > 0
    for column in ("cpu_cores", "memory_bytes"):
        ours, theirs = edge[column].to_numpy(), external[column].to_numpy()
        np.testing.assert_allclose(theirs[2:], ours[2:], rtol=0.1)


def test_the_mesh_goes_on_scraped_recorded_and_federated(loaded: Loaded) -> None:
    tiers, history = loaded
    edge, external = tiers.edge.url, tiers.external.url
    folder = tiers.edge.folder.parent
    pace = _ask(external, f"sum(last_over_time({RATES}[2h]))")[""]
    with going_on(tiers, history, folder, QUICK) as going:
        began = time.time()
        newest = f"timestamp({HEARTBEAT}) > {began}"
        assert _until(lambda: len(_ask(external, newest)) == 1), "no evaluation was federated"
        count = 1 + len(_sources(going.exporter, edge))
        assert _until(lambda: len(_ask(edge, "up == 1")) == count), _ask(edge, "up")
        lost = f"timestamp({RATES}) > {began}"
        assert _until(lambda: len(_ask(external, lost)) >= 4)
        assert _ask(edge, "sum(resets(istio_requests_total[2h]))") == {"": 0}
        now = _ask(external, f"sum({RATES})")[""]
        assert now == pytest.approx(pace, rel=0.5)
        firing = _ask(external, 'ALERTS{alertstate="firing",alertname!="ObserveWatchdog"}')
        assert firing == {}
    assert tiers.running


def _sources(exporter: str, edge: str) -> list[str]:
    targets = requests.get(f"{edge}/api/v1/targets", timeout=10).json()["data"]["activeTargets"]
    urls = [t["scrapeUrl"] for t in targets if exporter in t["scrapeUrl"]]
    for url in urls:
        page = requests.get(url, timeout=10)
        assert page.status_code == 200
        assert page.text.count("\n") > 5
    assert requests.get(f"http://{exporter}/east/absent", timeout=10).status_code == 404
    return urls


def test_a_window_that_ends_at_a_whole_hour_is_loaded(loaded: Loaded) -> None:
    summary = loaded[1].summary
    assert summary.end - summary.start == timedelta(days=1)
    assert (summary.end.minute, summary.end.second) == (0, 0)
