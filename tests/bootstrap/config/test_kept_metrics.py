"""What is stored of the pages that targets show: run through a real Prometheus."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from observe.bootstrap.alerts import edge_alerts
from observe.bootstrap.config import kubernetes_jobs
from observe.bootstrap.config.federation import recorded_rules
from observe.bootstrap.config.keep import regex
from observe.bootstrap.prometheus import PrometheusServer
from observe.bootstrap.stack import Stack
from observe.telemetry.catalogue import ENTRIES

PAGES = {
    "istio-sidecars": """
istio_requests_total{response_code="200"} 1
istio_request_bytes_sum{response_code="200"} 1
istio_request_bytes_bucket{response_code="200",le="1"} 1
istio_agent_cert_expiry_seconds 1
envoy_cluster_upstream_rq_retry{cluster_name="outbound|80||cart.shop.svc.cluster.local"} 1
envoy_cluster_upstream_rq_retry{cluster_name="xds-grpc"} 1
envoy_cluster_upstream_rq_time_bucket{cluster_name="outbound|80||cart",le="1"} 1
http_requests_total{namespace="made-up"} 1
""",
    "kubelet-cadvisor": """
container_memory_working_set_bytes{namespace="shop",pod="a",container="app"} 1
container_memory_working_set_bytes{namespace="shop",pod="a",container=""} 2
container_memory_working_set_bytes{id="/"} 3
container_network_receive_bytes_total{namespace="shop",pod="a",interface="eth0"} 1
container_tasks_state{namespace="shop",pod="a",container="app"} 1
machine_cpu_cores 4
""",
    "kube-state-metrics": """
kube_pod_container_resource_requests{namespace="shop",pod="a",container="app",resource="cpu"} 1
kube_secret_info{namespace="shop",secret="x"} 1
""",
}


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = PAGES[self.path.strip("/")].encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def stored(address: str, stack: Stack, folder: Path) -> dict[str, set[str]]:
    """Metrics by job that a real Prometheus stored of the pages."""
    jobs = []
    for job in kubernetes_jobs(stack):
        if job["job_name"] in PAGES:
            kept = {k: v for k, v in job.items() if k not in ("authorization", "tls_config")}
            del kept["kubernetes_sd_configs"], kept["relabel_configs"]
            kept |= {"scheme": "http", "metrics_path": f"/{job['job_name']}"}
            jobs.append(kept | {"static_configs": [{"targets": [address]}]})
    config = {"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}
    with PrometheusServer(folder, config=json.dumps(config)) as server:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            series = _all(server.url)
            if sum(s["__name__"] == "up" for s in series) == len(PAGES):
                break
            time.sleep(0.2)
    own = ("up", "scrape_")
    return {
        name: {_text(s) for s in series if s["job"] == name and not s["__name__"].startswith(own)}
        for name in PAGES
    }


def _all(url: str) -> list[dict[str, str]]:
    answer = requests.get(f"{url}/api/v1/query", params={"query": '{job!=""}'}, timeout=10).json()
    return [one["metric"] for one in answer["data"]["result"]]


def _text(series: dict[str, str]) -> str:
    told = [series[k] for k in ("le", "cluster_name", "container", "interface") if k in series]
    return " ".join([series["__name__"], *told])


@pytest.mark.integration
def test_only_what_is_read_is_stored(pages: str, tmp_path: Path) -> None:
    assert stored(pages, Stack(), tmp_path) == {
        "istio-sidecars": {
            "istio_requests_total",
            "istio_request_bytes_sum",
            "istio_agent_cert_expiry_seconds",
            "envoy_cluster_upstream_rq_retry outbound|80||cart.shop.svc.cluster.local",
        },
        "kubelet-cadvisor": {
            "container_memory_working_set_bytes app",
            "container_network_receive_bytes_total eth0",
            "machine_cpu_cores",
        },
        "kube-state-metrics": {"kube_pod_container_resource_requests app"},
    }


@pytest.mark.integration
def test_sizes_are_stored_when_the_stack_records_them(pages: str, tmp_path: Path) -> None:
    stack = Stack.model_validate({"edge": {"sizes": True}})
    assert "istio_request_bytes_bucket 1" in stored(pages, stack, tmp_path)["istio-sidecars"]


@pytest.mark.integration
def test_everything_is_stored_on_request(pages: str, tmp_path: Path) -> None:
    stack = Stack.model_validate({"edge": {"keep": "all"}})
    found = stored(pages, stack, tmp_path)
    assert "http_requests_total" in found["istio-sidecars"]
    assert "kube_secret_info" in found["kube-state-metrics"]
    assert "container_tasks_state app" in found["kubelet-cadvisor"]


def _kept_somewhere(metric: str, stack: Stack) -> bool:
    return any(
        re.fullmatch(job["metric_relabel_configs"][0]["regex"], metric)
        for job in kubernetes_jobs(stack)
    )


def test_everything_that_the_analysis_asks_for_is_kept() -> None:
    asked = {metric for entry in ENTRIES for metric in entry.metrics}
    assert [metric for metric in sorted(asked) if not _kept_somewhere(metric, Stack())] == []


def test_everything_that_the_rules_read_is_kept() -> None:
    stack = Stack.model_validate({"edge": {"sizes": True}})
    own = re.compile(r"prometheus_.*|up|scrape_.*|ALERTS.*|process_.*")
    prefixes = "istio|envoy|pilot|citadel|galley|sidecar|container|kube|machine|istiod"
    alerts = [
        rule["expr"]
        for document in edge_alerts(stack).values()
        for group in document["groups"]
        for rule in group["rules"]
    ]
    read = {
        name
        for expression in [*(e for _, e in recorded_rules(stack)), *alerts]
        for name in re.findall(rf"(?<![:\w\"])(?:{prefixes})_\w+(?=[\[{{)\s]|$)", expression)
        if not own.fullmatch(name)
    }
    labels = {"sidecar_istio_io", "container_name", "container_id"}
    assert [n for n in sorted(read - labels) if not _kept_somewhere(n, stack)] == []
    assert "istio_requests_total" in read


def test_one_expression_matches_any_of_the_names() -> None:
    assert re.fullmatch(regex(("a_.*", "b")), "a_x")
    assert not re.fullmatch(regex(("a_.*", "b")), "bb")
