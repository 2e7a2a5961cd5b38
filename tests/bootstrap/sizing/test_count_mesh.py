"""A mesh of known size, scraped by a real Prometheus and counted there."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from observe.bootstrap.prometheus import PrometheusServer
from observe.bootstrap.sizing import MeshCounts, count_mesh
from observe.errors import SourceError
from observe.telemetry.client import PrometheusClient

pytestmark = pytest.mark.integration

EDGE = (
    'reporter="{reporter}",source_workload="web",source_workload_namespace="shop",'
    'destination_service="cart.shop",destination_service_namespace="shop",'
    'destination_workload="cart",destination_workload_namespace="shop",request_protocol="http"'
)
CLIENT, SERVER = EDGE.format(reporter="source"), EDGE.format(reporter="destination")


def counters() -> str:
    """Two pods of web call one of cart; one of them saw an error too."""
    lines = [
        f'istio_requests_total{{{CLIENT},response_code="200",pod="web-1"}} 1',
        f'istio_requests_total{{{CLIENT},response_code="200",pod="web-2"}} 1',
        f'istio_requests_total{{{CLIENT},response_code="503",pod="web-2"}} 1',
        f'istio_requests_total{{{SERVER},response_code="200",pod="cart-1"}} 1',
        f'istio_tcp_sent_bytes_total{{{CLIENT},pod="web-1"}} 1',
        f'istio_tcp_sent_bytes_total{{{CLIENT},pod="web-2"}} 1',
    ]
    for pod in ("web-5d4b8c9f7d-x2k8p", "web-5d4b8c9f7d-z4k8p", "cart-7d4b8c9f7d-x2k8p"):
        name = f'namespace="shop",pod="{pod}",node="node-{pod[0]}"'
        lines.append(f'istio_build{{component="proxy",pod="{pod}"}} 1')
        lines += [
            f'container_memory_working_set_bytes{{{name},container="{container}"}} 1'
            for container in ("app", "istio-proxy", "")
        ]
    return "\n".join(lines) + "\n"


def rates() -> str:
    """What the external tier keeps of it."""
    return "\n".join(
        [
            f'workload:istio_requests:rate5m{{cluster="east",{CLIENT},response_code="200"}} 1',
            f'workload:istio_requests:rate5m{{cluster="east",{CLIENT},response_code="503"}} 1',
            f'workload:istio_requests:rate5m{{cluster="east",{SERVER},response_code="200"}} 1',
            f'workload:istio_requests:rate5m{{cluster="west",{SERVER},response_code="200"}} 1',
            *(
                f'workload:container_pods:count{{cluster="east",workload="{workload}",'
                f'container="{container}"}} {pods}'
                for workload, container, pods in (
                    ("web", "app", 4),
                    ("web", "istio-proxy", 4),
                    ("cart", "istio-proxy", 2),
                )
            ),
            "",
        ]
    )


@contextmanager
def scraping(page: str, folder: Path) -> Iterator[PrometheusClient]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None: ...

    shown = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=shown.serve_forever, daemon=True).start()
    job = {
        "job_name": "mesh",
        "honor_labels": True,
        "static_configs": [{"targets": [f"127.0.0.1:{shown.server_port}"]}],
    }
    config = {"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}
    try:
        with (
            PrometheusServer(folder, config=json.dumps(config)) as server,
            PrometheusClient(server.url) as client,
        ):
            deadline = time.monotonic() + 30
            while not len(client.instant('up{job="mesh"} == 1').values):
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield client
    finally:
        shown.shutdown()
        shown.server_close()


def test_counters_are_counted_exactly(tmp_path: Path) -> None:
    with scraping(counters(), tmp_path) as client:
        assert count_mesh(client) == MeshCounts(
            request_sets=4,
            request_groups=3,
            edges=2,
            services=1,
            tcp_sets=2,
            tcp_edges=1,
            proxies=3,
            istiods=1,
            nodes=2,
            pods=3,
            containers=6,
            workload_containers=4,
        )


def test_recorded_rates_tell_groups_exactly_and_pods_on_average(tmp_path: Path) -> None:
    with scraping(rates(), tmp_path) as client:
        found = count_mesh(client, "east")
    assert (found.request_groups, found.edges, found.services) == (3, 2, 1)
    assert found.request_sets == 9  # 3 groups, each told by 6 pods / 2 workloads
    assert (found.proxies, found.containers, found.workload_containers) == (6, 10, 3)


def test_a_server_without_istio_is_said_to_be_one(tmp_path: Path) -> None:
    with (
        scraping("nothing_of_istio 1\n", tmp_path) as client,
        pytest.raises(SourceError, match="no series of Istio"),
    ):
        count_mesh(client)


def test_a_cluster_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        scraping(rates(), tmp_path) as client,
        pytest.raises(SourceError, match='cluster="north"'),
    ):
        count_mesh(client, "north")
