"""Pages that real proxies and a real istiod gave, scraped by a real Prometheus."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from recorded_pages import PageServer, grown
from spans import shared_folder

from observe.bootstrap.prometheus import PrometheusServer
from observe.cli import main
from observe.mesh import Mesh
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.settings import ConnectionSettings
from observe.telemetry.snapshot import Snapshot

FOLDER = shared_folder("datadog-fixtures")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.shared,
    pytest.mark.skipif(FOLDER is None, reason="the recorded /metrics pages are not there"),
]
HOUR = 3600
SCRAPES = 5
PROXY_PAGES = {name: f"1.5/{name}.txt" for name in ("istio-proxy", "istio-merged", "istiod")}
MIXER_PAGES = {"mixer-0.5": "0.5/mesh.txt", "mixer-1.1": "1.1/mesh.txt"}


def page(name: str) -> str:
    assert FOLDER is not None
    return (FOLDER / "istio" / name).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Scraped:
    """What came of scraping the pages of Istio 1.5 and later, and of each Mixer page."""

    url: str
    start: datetime
    end: datetime
    snapshot: Snapshot
    of_mixer: dict[str, str]


@pytest.fixture(scope="module")
def scraped(prometheus_server: Callable[..., PrometheusServer]) -> Iterator[Scraped]:
    # A Prometheus takes five seconds until it scrapes for the first time: all start together.
    started = time.time()
    with PageServer(
        {name: page(file) for name, file in (PROXY_PAGES | MIXER_PAGES).items()}
    ) as web:
        proxies = prometheus_server(config=web.config(PROXY_PAGES))
        mixers = {name: prometheus_server(config=web.config([name])).url for name in MIXER_PAGES}
        with ExitStack() as stack:
            client, *others = (
                stack.enter_context(PrometheusClient(ConnectionSettings(url=url)))
                for url in (proxies.url, *mixers.values())
            )
            await_samples(client, "istio_requests_total", series=8, samples=SCRAPES)
            await_samples(client, "pilot_xds_pushes", series=1, samples=1)
            for other in others:
                await_samples(other, "istio_requests_total", series=1, samples=1)
            web.pause()
            time.sleep(0.2)  # a scrape that is under way may still be stored
            # Whole hours, so that the window holds every sample whatever the time of day.
            start, end = started // HOUR * HOUR, math.ceil(time.time() / HOUR) * HOUR
            window = (datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
            yield Scraped(proxies.url, *window, collect(client, *window), mixers)


def await_samples(client: PrometheusClient, metric: str, series: int, samples: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = client.instant(f"count(count_over_time({metric}[5m]) >= {samples})")
        if found.values.size and found.values[-1] >= series:
            return
        time.sleep(0.2)
    raise AssertionError(f"Prometheus did not scrape {metric}")


def per_scrape(snapshot: Snapshot, frame: str, workload: str) -> dict[tuple[str, ...], float]:
    """Requests by (service, code), and by `le` for latency, of what one client workload sent.

    Counters grow by the recorded value at each scrape, so that everything is the recorded page
    times one factor: divided by it, the page must come out again.
    """
    edges = snapshot.edges[snapshot.edges["source_workload"] == workload]
    rows = getattr(snapshot, frame).merge(edges, on="edge")
    keys = ["destination_service", "code", *(["le"] if frame == "latency" else [])]
    sums = rows.groupby(keys, observed=True)["requests"].sum()
    factor = sums.sum() / PROXY_REQUESTS
    assert SCRAPES - 2 < factor < SCRAPES + 4
    return {key: value / factor for key, value in sums.items()}


PROXY_REQUESTS = 67


def test_only_counters_and_histograms_of_a_page_grow() -> None:
    text = '# TYPE a counter\na{x="1 2"} 3\n# TYPE g gauge\ng 4\n# TYPE h histogram\n'
    text += 'h_bucket{le="1"} 1\nh_sum{} 2.5\nh_count{} 1'
    assert grown(text, 3).splitlines()[1::2] == [
        'a{x="1 2"} 9.0',
        "g 4",
        'h_bucket{le="1"} 3.0',
        "h_count{} 3.0",
    ]


def test_four_edges_are_found_on_the_pages_of_two_proxies_and_istiod(scraped: Scraped) -> None:
    columns = [
        "reporter",
        "source_workload",
        "destination_service",
        "destination_service_namespace",
        "destination_workload",
        "protocol",
    ]
    found = set(scraped.snapshot.edges[columns].itertuples(index=False, name=None))
    outside = {
        ("source", "mongodb-v1", host, "unknown", "unknown", "http")
        for host in ("archive.ubuntu.com", "repo.mongodb.org", "security.ubuntu.com")
    }
    reviews = (
        "destination",
        "productpage-v1",
        "reviews.default.svc.cluster.local",
        "default",
        "reviews-v1",
        "http",
    )
    assert found == outside | {reviews}


def test_the_cluster_is_the_one_that_the_proxy_names(scraped: Scraped) -> None:
    clusters = scraped.snapshot.edges.set_index("destination_service")["cluster"].to_dict()
    assert clusters["reviews.default.svc.cluster.local"] == "Kubernetes"
    assert clusters["repo.mongodb.org"] == ""


def test_requests_by_code_are_those_of_the_page(scraped: Scraped) -> None:
    assert per_scrape(scraped.snapshot, "requests", "mongodb-v1") == pytest.approx(
        {
            ("archive.ubuntu.com", "200"): 49,
            ("archive.ubuntu.com", "304"): 1,
            ("repo.mongodb.org", "200"): 8,
            ("repo.mongodb.org", "304"): 1,
            ("repo.mongodb.org", "404"): 2,
            ("security.ubuntu.com", "200"): 5,
            ("security.ubuntu.com", "304"): 1,
        },
        rel=1e-9,
    )


def test_buckets_are_those_of_the_page_and_no_longer_cumulative(scraped: Scraped) -> None:
    latency = per_scrape(scraped.snapshot, "latency", "mongodb-v1")
    archive = {key[2]: n for key, n in latency.items() if key[:2] == ("archive.ubuntu.com", "200")}
    assert archive == pytest.approx({100: 6, 250: 29, 500: 5, 1000: 6, 2500: 3}, rel=1e-9)


def test_the_mean_duration_is_that_of_the_page(scraped: Scraped) -> None:
    snapshot = scraped.snapshot
    rows = snapshot.latency_sum.merge(snapshot.edges, on="edge")
    rows = rows[(rows["destination_service"] == "archive.ubuntu.com") & (rows["code"] == "200")]
    assert rows["sum_ms"].sum() / rows["requests"].sum() == pytest.approx(14_219 / 49, rel=1e-9)


def test_hosts_outside_the_mesh_and_silent_clients_get_no_timeout(scraped: Scraped) -> None:
    advice = Mesh(scraped.snapshot).recommend()
    assert advice.timeouts == ()
    assert {(w.target.service, w.reason) for w in advice.withheld_of("timeout")} == {
        ("archive.ubuntu.com", "NOT_A_SERVICE"),
        ("repo.mongodb.org", "NOT_A_SERVICE"),
        ("security.ubuntu.com", "NOT_A_SERVICE"),
        ("reviews.default.svc.cluster.local", "SOURCE_WITHOUT_METRICS"),
    }


def test_the_command_writes_the_same_advice(scraped: Scraped, tmp_path: Path) -> None:
    result = report(scraped.url, scraped.start, scraped.end, tmp_path / "report")
    assert result.exit_code == 0, result.output
    written = json.loads((tmp_path / "report" / "recommendations.json").read_text())
    assert [r for r in written["recommendations"] if r["kind"] == "timeout"] == []
    assert len([w for w in written["withheld"] if w["kind"] == "timeout"]) == 4


def report(url: str, start: datetime, end: datetime, folder: Path) -> Result:
    minutes = int((end - start) / timedelta(minutes=1))
    arguments = ["--quiet", "report", "--prometheus", url, "--end", end.isoformat()]
    arguments += ["--window", f"{minutes}m", "--output", str(folder)]
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("name", MIXER_PAGES)
def test_the_time_of_mixer_is_refused_in_one_line(
    name: str, scraped: Scraped, tmp_path: Path
) -> None:
    result = report(scraped.of_mixer[name], scraped.start, scraped.end, tmp_path / "report")
    assert result.exit_code == 3
    assert "in seconds (istio_request_duration_seconds_*), as Mixer wrote it" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "report").exists()
