from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest
from hypothesis import HealthCheck, given, settings
from stacks import TIERS, any_stack, objects, one, shared, two_clusters

from observe.bootstrap.config import kubernetes_jobs
from observe.bootstrap.config.check import check_tree
from observe.bootstrap.operator import render_operator
from observe.bootstrap.stack import EdgeTier, ExternalTier, Security, Stack
from observe.export.crd import CrdSchemas, load_crds

KINDS = ("Prometheus", "PodMonitor", "ServiceMonitor", "PrometheusRule", "ScrapeConfig")


@pytest.fixture(scope="module")
def crds() -> CrdSchemas:
    schemas: dict[Any, Any] = {}
    for kind in KINDS:
        file = shared("kubernetes", f"prometheus-operator-{kind.lower()}.yaml")
        schemas |= load_crds(file, frozenset({kind})).schemas
    return CrdSchemas(schemas)


def plain(rule: dict[str, Any]) -> dict[str, Any]:
    names = {"sourceLabels": "source_labels", "targetLabel": "target_label"}
    return {names.get(key, key): value for key, value in rule.items()}


@pytest.mark.shared
@pytest.mark.parametrize("auth", ["basic", "mtls"])
@pytest.mark.parametrize("transport", ["federate", "remote-write"])
def test_every_object_has_the_structure_that_its_definition_demands(
    crds: CrdSchemas, auth: Any, transport: Any
) -> None:
    stack = two_clusters(
        security=Security(auth=auth),
        edge=EdgeTier(replicas=2),
        external=ExternalTier(transport=transport, write_url="https://x.example.org/api/v1/write"),
    )
    found = objects(render_operator(stack, TIERS))
    assert {o["kind"] for o in found} >= set(KINDS)
    for data in found:
        if data["kind"] in KINDS:
            assert crds.problems(data) == [], data["metadata"]
        else:
            kubernetes_validate.validate(data, "1.31", strict=True)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_stack())
def test_whatever_the_stack_selectors_find_exactly_what_is_rendered(stack: Stack) -> None:
    for cluster in stack.clusters:
        folder = f"clusters/{cluster.name}/"
        files = render_operator(stack, TIERS)
        found = objects({path: text for path, text in files.items() if path.startswith(folder)})
        places = [(o["kind"], o["metadata"]["name"]) for o in found]
        assert len(places) == len(set(places))
        servers = [o for o in found if o["kind"] == "Prometheus"]
        for kind, field in (
            ("PodMonitor", "podMonitorSelector"),
            ("ServiceMonitor", "serviceMonitorSelector"),
            ("ScrapeConfig", "scrapeConfigSelector"),
            ("PrometheusRule", "ruleSelector"),
        ):
            for data in (o for o in found if o["kind"] == kind):
                labels = data["metadata"]["labels"].items()
                takers = [s for s in servers if s["spec"][field]["matchLabels"].items() <= labels]
                assert len(takers) == 1
        for server in servers:
            spec = server["spec"]
            assert ("Service", spec["serviceName"]) in places
            assert ("ServiceAccount", spec["serviceAccountName"]) in places
            assert spec["listenLocal"] is True


@pytest.mark.parametrize("keep", ["core", "all"])
def test_pods_are_told_apart_by_the_same_rules_as_in_the_plain_target(keep: Any) -> None:
    stack = Stack(edge=EdgeTier(keep=keep))
    found = objects(render_operator(stack, TIERS))
    jobs = {job["job_name"]: job for job in kubernetes_jobs(stack)}
    monitors = [o for o in found if o["kind"] == "PodMonitor"]
    assert len(monitors) == 5
    for monitor in monitors:
        job = jobs[monitor["metadata"]["name"].removeprefix("observe-")]
        (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
        *rules, name, dropped = [plain(rule) for rule in endpoint["relabelings"]]
        phases = {
            "source_labels": ["__meta_kubernetes_pod_phase"],
            "regex": "Pending|Succeeded|Failed",
            "action": "drop",
        }
        assert rules == [rule for rule in job["relabel_configs"] if rule != phases]
        assert phases in job["relabel_configs"]
        assert name == {"target_label": "job", "replacement": job["job_name"], "action": "replace"}
        assert dropped == {"regex": "container|endpoint", "action": "labeldrop"}
        assert [plain(r) for r in endpoint["metricRelabelings"]] == job["metric_relabel_configs"]
        assert endpoint["path"] == job.get("metrics_path", "/metrics")
        assert monitor["spec"]["sampleLimit"] == stack.edge.sample_limit


def test_every_job_of_the_plain_target_has_its_counterpart() -> None:
    found = objects(render_operator(Stack(), TIERS))
    monitored = {
        o["metadata"]["name"].removeprefix("observe-")
        for o in found
        if o["kind"] in ("PodMonitor", "ServiceMonitor")
    }
    assert monitored == {job["job_name"] for job in kubernetes_jobs(Stack())}


def test_each_half_of_a_pair_is_asked_through_its_own_gate() -> None:
    found = objects(render_operator(Stack(edge=EdgeTier(replicas=2)), TIERS))
    job = one(found, "ScrapeConfig", "observe-external-federate-east")["spec"]
    assert job["staticConfigs"][0]["targets"] == [
        "prometheus-observe-edge-0.observe-edge-pods.observe.svc:9091",
        "prometheus-observe-edge-1.observe-edge-pods.observe.svc:9091",
    ]
    assert job["honorLabels"] is True
    assert job["basicAuth"]["password"] == {"name": "observe-tiers", "key": "password"}
    server = one(found, "Prometheus", "observe-edge")["spec"]
    assert server["replicaExternalLabelName"] == "prometheus_replica"
    assert server["prometheusExternalLabelName"] == ""
    assert server["externalLabels"] == {"cluster": "east"}


def test_clients_reach_the_gate_and_nothing_else() -> None:
    found = objects(render_operator(Stack(), TIERS))
    (port,) = one(found, "Service", "observe-edge")["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (9090, "gate")
    (rule,) = one(found, "NetworkPolicy", "observe-edge")["spec"]["ingress"]
    assert rule["ports"] == [{"port": 9091, "protocol": "TCP"}]


def test_alerts_go_to_the_alertmanager_of_the_home_cluster() -> None:
    files = render_operator(two_clusters(), TIERS)
    specs = [
        one(
            objects({p: t for p, t in files.items() if f"/{name}/" in p}),
            "Prometheus",
            "observe-edge",
        )
        for name in ("east", "west")
    ]
    assert specs[0]["spec"]["alerting"]["alertmanagers"][0]["name"] == "observe-alertmanager"
    assert "alerting" not in specs[1]["spec"]


def test_promtool_accepts_the_rules() -> None:
    files = render_operator(two_clusters(), TIERS)
    assert check_tree({path: text for path, text in files.items() if "rules" in path}) == []
