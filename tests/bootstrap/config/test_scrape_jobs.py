"""The relabelling of every job, run by a real Prometheus on pods as Kubernetes describes them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from discovered_pods import Container, Pod, file_jobs

from observe.bootstrap.config import kubernetes_jobs
from observe.bootstrap.prometheus import PrometheusServer
from observe.bootstrap.stack import Stack

PROXY = Container("istio-proxy", (15090,))
APP = Container("app", (8080, 9090))

PODS = (
    Pod("plain", (APP,), ip="10.0.0.1"),
    Pod("cart", (APP, PROXY), ip="10.0.0.2", labels={"app": "cart", "pod-template-hash": "5d4b"}),
    Pod(
        "native",
        (APP, Container("istio-proxy", (15090,), init=True)),
        ip="10.0.0.3",
        labels={"app.kubernetes.io/name": "native"},
    ),
    Pod("opted-out", (APP, PROXY), ip="10.0.0.4", annotations={"prometheus.io/scrape": "false"}),
    Pod("six", (APP, PROXY), ip="fd00::5"),
    Pod("moved", (PROXY,), ip="10.0.0.6", annotations={"status.sidecar.istio.io/port": "16020"}),
    Pod("done", (APP, PROXY), ip="10.0.0.7", phase="Succeeded"),
    Pod("failed", (APP, PROXY), ip="10.0.0.8", phase="Failed"),
    Pod("portless", (APP, Container("istio-proxy")), ip="10.0.0.9"),
    Pod(
        "ingress",
        (Container("istio-proxy", (15020, 15021, 15090, 80, 443)),),
        "istio-ingress",
        ip="10.0.1.1",
        labels={"istio": "ingressgateway", "app": "istio-ingressgateway"},
    ),
    Pod(
        "injected-gateway",
        (PROXY,),
        ip="10.0.1.2",
        labels={"istio": "edge"},
        annotations={"inject.istio.io/templates": "gateway"},
    ),
    Pod(
        "api-gateway",
        (PROXY,),
        ip="10.0.1.3",
        labels={
            "gateway.networking.k8s.io/gateway-name": "public",
            "gateway.istio.io/managed": "istio.io-gateway-controller",
        },
    ),
    Pod(
        "waypoint",
        (Container("istio-proxy", (15020, 15021, 15090)),),
        ip="10.0.2.1",
        labels={
            "gateway.networking.k8s.io/gateway-name": "waypoint",
            "gateway.networking.k8s.io/gateway-class-name": "istio-waypoint",
            "gateway.istio.io/managed": "istio.io-mesh-controller",
        },
    ),
    Pod(
        "ztunnel-abcde",
        (Container("istio-proxy", (15020,)),),
        "istio-system",
        ip="10.0.3.1",
        labels={"app": "ztunnel"},
    ),
    Pod(
        "istiod-canary",
        (Container("discovery", (8080, 15010, 15012, 15014, 15017)),),
        "istio-system",
        ip="10.0.4.1",
        labels={"app": "istiod", "istio.io/rev": "canary"},
    ),
    Pod(
        "istiod-of-somebody",
        (Container("discovery", (15014,)),),
        "elsewhere",
        ip="10.0.4.2",
        labels={"app": "istiod"},
    ),
    Pod(
        "kube-state-metrics",
        (Container("kube-state-metrics", (8080, 8081)),),
        "kube-system",
        ip="10.0.5.1",
        labels={"app.kubernetes.io/name": "kube-state-metrics"},
    ),
)

Targets = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Targets]:
    folder = tmp_path_factory.mktemp("jobs")
    config = {"scrape_configs": file_jobs(Stack(), PODS, folder)}
    with PrometheusServer(folder, config=json.dumps(config)) as server:
        yield _settled(server.url)


def _settled(url: str) -> Targets:
    """Active targets by job, once discovery has delivered all of them (it does so every 5 s)."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        data = requests.get(f"{url}/api/v1/targets", timeout=10).json()["data"]
        jobs = {target["scrapePool"] for target in data["activeTargets"]}
        if len(jobs) == len(kubernetes_jobs(Stack())):
            return {
                job: [t for t in data["activeTargets"] if t["scrapePool"] == job] for job in jobs
            }
        time.sleep(0.2)
    raise AssertionError(f"only {jobs} were discovered")


def addresses(targets: Targets, job: str) -> list[str]:
    return sorted(target["scrapeUrl"] for target in targets[job])


@pytest.mark.integration
def test_sidecars_are_scraped_once_whatever_the_application_says(targets: Targets) -> None:
    assert addresses(targets, "istio-sidecars") == [
        "http://10.0.0.2:15020/stats/prometheus",
        "http://10.0.0.3:15020/stats/prometheus",
        "http://10.0.0.4:15020/stats/prometheus",
        "http://10.0.0.6:16020/stats/prometheus",
        "http://10.0.0.9:15020/stats/prometheus",
        "http://[fd00::5]:15020/stats/prometheus",
    ]


@pytest.mark.integration
def test_gateways_of_all_kinds_have_a_job_of_their_own(targets: Targets) -> None:
    assert addresses(targets, "istio-gateways") == [
        f"http://10.0.1.{number}:15020/stats/prometheus" for number in (1, 2, 3)
    ]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("job", "url"),
    [
        ("istio-waypoints", "http://10.0.2.1:15020/stats/prometheus"),
        ("ztunnel", "http://10.0.3.1:15020/stats/prometheus"),
        ("istiod", "http://10.0.4.1:15014/metrics"),
        ("kube-state-metrics", "http://10.0.5.1:8080/metrics"),
        ("kubelet-cadvisor", "https://10.9.9.9:10250/metrics/cadvisor"),
    ],
)
def test_each_other_job_has_its_one_target(targets: Targets, job: str, url: str) -> None:
    assert addresses(targets, job) == [url]


@pytest.mark.integration
def test_series_get_the_names_of_their_pod_and_no_other_label(targets: Targets) -> None:
    (cart,) = (t for t in targets["istio-sidecars"] if "10.0.0.2" in t["scrapeUrl"])
    assert cart["labels"] == {
        "app": "cart",
        "instance": "10.0.0.2:15020",
        "job": "istio-sidecars",
        "namespace": "shop",
        "node": "node-1",
        "pod": "cart",
    }


@pytest.mark.integration
def test_the_recommended_label_names_an_app_that_has_no_short_one(targets: Targets) -> None:
    (native,) = (t for t in targets["istio-sidecars"] if "10.0.0.3" in t["scrapeUrl"])
    assert native["labels"]["app"] == "native"


@pytest.mark.integration
def test_kube_state_metrics_does_not_lend_its_own_pod_to_its_series(targets: Targets) -> None:
    (target,) = targets["kube-state-metrics"]
    assert set(target["labels"]) == {"instance", "job"}


@pytest.mark.integration
def test_kubelets_are_named_by_their_node(targets: Targets) -> None:
    (target,) = targets["kubelet-cadvisor"]
    assert target["labels"]["node"] == "node-1"
    assert set(target["labels"]) == {"instance", "job", "node"}


def test_all_jobs_over_pods_discover_alike_so_that_one_watch_serves_them() -> None:
    found = [job["kubernetes_sd_configs"] for job in kubernetes_jobs(Stack())]
    assert sorted({json.dumps(each) for each in found}) == [
        '[{"role": "node"}]',
        '[{"role": "pod"}]',
    ]
