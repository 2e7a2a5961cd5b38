from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest
from hypothesis import HealthCheck, given, settings
from stacks import TIERS, any_stack, objects, one, shared, two_clusters

from observe.bootstrap.config import kubernetes_jobs
from observe.bootstrap.config.check import check_tree
from observe.bootstrap.helm import render_helm
from observe.bootstrap.stack import EdgeTier, ExternalTier, Stack
from observe.export.crd import load_crds
from observe.export.yaml_io import load_documents

#: Keys of the chart's values.yaml that are used, as it has them.
SPEC = {
    *("externalLabels", "prometheusExternalLabelNameClear", "replicaExternalLabelName"),
    *("replicaExternalLabelNameClear", "replicas", "podMetadata", "containers", "volumes"),
    *("additionalScrapeConfigs", "additionalRemoteWrite"),
}
MONITOR = {"name", "selector", "namespaceSelector", "sampleLimit", "podMetricsEndpoints"}


def values(files: dict[str, str], cluster: str = "east") -> dict[str, Any]:
    (document,) = load_documents(files[f"values/{cluster}.yaml"], "values")
    found: dict[str, Any] = document.data
    return found


def plain(files: dict[str, str]) -> list[dict[str, Any]]:
    return objects({path: text for path, text in files.items() if not path.startswith("values/")})


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_stack())
def test_whatever_the_stack_only_keys_of_the_chart_are_set(stack: Stack) -> None:
    files = render_helm(stack, TIERS)
    for cluster in stack.clusters:
        found = values(files, cluster.name)
        assert found.keys() == {"additionalPrometheusRulesMap", "prometheus"}
        assert found["prometheus"].keys() == {"prometheusSpec", "additionalPodMonitors"}
        assert found["prometheus"]["prometheusSpec"].keys() <= SPEC
        for monitor in found["prometheus"]["additionalPodMonitors"]:
            assert monitor.keys() == MONITOR


def test_what_the_chart_scrapes_itself_is_not_scraped_twice() -> None:
    names = [
        m["name"]
        for m in values(render_helm(Stack(), TIERS))["prometheus"]["additionalPodMonitors"]
    ]
    jobs = [f"observe-{job['job_name']}" for job in kubernetes_jobs(Stack())]
    assert names == [
        n for n in jobs if n not in ("observe-kubelet-cadvisor", "observe-kube-state-metrics")
    ]


@pytest.mark.shared
def test_the_values_make_objects_that_their_definitions_take() -> None:
    external = ExternalTier(
        transport="remote-write", write_url="https://x.example.org/api/v1/write"
    )
    stack = two_clusters(external=external)
    found = values(render_helm(stack, TIERS), "west")["prometheus"]
    pod_monitor = load_crds(
        shared("kubernetes", "prometheus-operator-podmonitor.yaml"), frozenset({"PodMonitor"})
    )
    for each in found["additionalPodMonitors"]:
        spec = {key: value for key, value in each.items() if key != "name"}
        data = {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PodMonitor",
            "metadata": {"name": each["name"]},
        }
        assert pod_monitor.problems(data | {"spec": spec}) == []
    prometheus = load_crds(
        shared("kubernetes", "prometheus-operator-prometheus.yaml"), frozenset({"Prometheus"})
    )
    spec = found["prometheusSpec"]
    same = {
        key: spec[key]
        for key in ("externalLabels", "replicas", "podMetadata", "containers", "volumes")
    }
    same["remoteWrite"] = spec["additionalRemoteWrite"]
    data = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "Prometheus",
        "metadata": {"name": "x"},
    }
    assert prometheus.problems(data | {"spec": same}) == []


def test_the_rules_are_those_of_the_edge_tier() -> None:
    found = values(render_helm(Stack(), TIERS))["additionalPrometheusRulesMap"]
    assert found == {
        f"observe-edge-{n.removesuffix('.yaml')}": d for n, d in TIERS.edge.rules.items()
    }


def test_the_gate_is_what_other_namespaces_reach() -> None:
    found = plain(render_helm(Stack(edge=EdgeTier(replicas=2)), TIERS))
    gate, own = one(found, "NetworkPolicy", "observe-edge")["spec"]["ingress"]
    assert [p["port"] for p in gate["ports"]] == [9091]
    assert own == {
        "from": [{"podSelector": {}}],
        "ports": [{"port": 9090, "protocol": "TCP"}, {"port": 8080, "protocol": "TCP"}],
    }
    assert one(found, "Service", "observe-edge")["spec"]["sessionAffinity"] == "ClientIP"


def test_plain_objects_are_valid_and_their_configuration_too() -> None:
    files = render_helm(two_clusters(), TIERS)
    for data in plain(files):
        kubernetes_validate.validate(data, "1.31", strict=True)
    assert check_tree({p: t for p, t in files.items() if "external" in p}) == []


def test_the_external_tier_asks_the_service_before_the_gate() -> None:
    files = render_helm(two_clusters(), TIERS)
    (document,) = load_documents(files["clusters/east/external/config.yaml"], "x")
    (config,) = load_documents(document.data["data"]["prometheus.yml"], "y")
    targets = [job["static_configs"][0]["targets"] for job in config.data["scrape_configs"][:2]]
    assert targets == [["observe-edge.observe.svc:9090"], ["edge.west.example.org:443"]]
