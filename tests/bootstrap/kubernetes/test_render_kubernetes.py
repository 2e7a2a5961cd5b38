from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest
from hypothesis import HealthCheck, given, settings
from stacks import TIERS, any_stack, objects, one, two_clusters

from observe.bootstrap.config.check import check_tree
from observe.bootstrap.kubernetes import render_kubernetes
from observe.bootstrap.stack import Cluster, EdgeTier, ExternalTier, Security, Stack
from observe.errors import InputError
from observe.export.yaml_io import load_documents


def pod(stateful_set: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = stateful_set["spec"]["template"]["spec"]
    return found


def config(files: dict[str, str], cluster: str, component: str) -> dict[str, Any]:
    (document,) = load_documents(files[f"clusters/{cluster}/{component}/config.yaml"], "x")
    (inner,) = load_documents(document.data["data"]["prometheus.yml"], "prometheus.yml")
    found: dict[str, Any] = inner.data
    return found


def test_the_home_cluster_gets_all_tiers_and_others_the_edge_tier_only() -> None:
    files = render_kubernetes(two_clusters(), TIERS)
    folders = {tuple(path.split("/")[1:3]) for path in files}
    assert {f for f in folders if not f[1].endswith(".yaml")} == {
        ("east", "edge"),
        ("east", "external"),
        ("east", "alertmanager"),
        ("west", "edge"),
    }


@pytest.mark.parametrize("version", ["1.28", "1.31", "1.34"])
@pytest.mark.parametrize("auth", ["basic", "mtls"])
@pytest.mark.parametrize("replicas", [1, 2])
def test_every_object_is_valid_in_every_version(version: str, auth: Any, replicas: int) -> None:
    stack = two_clusters(security=Security(auth=auth), edge=EdgeTier(replicas=replicas))
    found = objects(render_kubernetes(stack, TIERS))
    assert len(found) == (33 if replicas == 1 else 35)
    for data in found:
        kubernetes_validate.validate(data, version, strict=True)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_stack())
def test_whatever_the_stack_references_meet(stack: Stack) -> None:
    files = render_kubernetes(stack, TIERS)
    for cluster in stack.clusters:
        folder = f"clusters/{cluster.name}/"
        check_references(
            objects({path: text for path, text in files.items() if path.startswith(folder)})
        )
        (document,) = load_documents(files[f"{folder}kustomization.yaml"], "kustomization")
        listed = {f"{folder}{path}" for path in document.data["resources"]}
        assert listed == {p for p in files if p.startswith(folder)} - {
            f"{folder}kustomization.yaml"
        }


def check_references(found: list[dict[str, Any]]) -> None:
    places = [(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]) for o in found]
    assert len(places) == len(set(places))
    named = {(kind, name) for kind, _, name in places}
    sets = [o for o in found if o["kind"] == "StatefulSet"]
    labels = [o["spec"]["template"]["metadata"]["labels"] for o in sets]
    for data in sets:
        spec = data["spec"]
        assert (
            spec["selector"]["matchLabels"].items()
            <= spec["template"]["metadata"]["labels"].items()
        )
        assert ("Service", spec["serviceName"]) in named
        assert ("ServiceAccount", pod(data)["serviceAccountName"]) in named
        for volume in pod(data)["volumes"]:
            assert "secret" in volume or ("ConfigMap", volume["configMap"]["name"]) in named
        (container,) = pod(data)["containers"]
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted == {"data"} | {volume["name"] for volume in pod(data)["volumes"]}
    for data in found:
        selector = data.get("spec", {}).get("selector") or data.get("spec", {}).get("podSelector")
        if data["kind"] in ("Service", "NetworkPolicy", "PodDisruptionBudget"):
            wanted = selector.get("matchLabels", selector)
            assert sum(wanted.items() <= each.items() for each in labels) == 1


@pytest.mark.parametrize("auth", ["basic", "mtls"])
@pytest.mark.parametrize("transport", ["federate", "remote-write"])
def test_promtool_accepts_every_configuration(auth: Any, transport: Any) -> None:
    external = ExternalTier(transport=transport, write_url="https://x.example.org/api/v1/write")
    stack = two_clusters(security=Security(auth=auth), external=external)
    files = render_kubernetes(stack, TIERS)
    prometheus = {path: text for path, text in files.items() if "alertmanager" not in path}
    assert check_tree(prometheus) == []


def test_a_pair_is_asked_one_by_one_and_told_apart() -> None:
    files = render_kubernetes(Stack(edge=EdgeTier(replicas=2)), TIERS)
    edge = config(files, "east", "edge")
    assert edge["global"]["external_labels"] == {
        "cluster": "east",
        "prometheus_replica": "${POD_NAME}",
    }
    job, *_ = config(files, "east", "external")["scrape_configs"]
    assert job["static_configs"][0]["targets"] == [
        "observe-edge-0.observe-edge-pods.observe.svc:9090",
        "observe-edge-1.observe-edge-pods.observe.svc:9090",
    ]
    found = objects(files)
    assert one(found, "Service", "observe-edge")["spec"]["sessionAffinity"] == "ClientIP"
    assert pod(one(found, "StatefulSet", "observe-edge"))["affinity"]["podAntiAffinity"]


def test_a_cluster_that_cannot_be_reached_is_refused() -> None:
    stack = Stack(clusters=(Cluster(name="east"), Cluster(name="west")))
    with pytest.raises(InputError, match="cluster west has no edgeUrl"):
        render_kubernetes(stack, TIERS)


def test_remote_write_of_the_home_cluster_goes_to_the_service_beside_it() -> None:
    external = ExternalTier(transport="remote-write", write_url="https://x.example.org/write")
    files = render_kubernetes(two_clusters(external=external), TIERS)
    urls = [config(files, name, "edge")["remote_write"][0]["url"] for name in ("east", "west")]
    assert urls == [
        "http://observe-external.observe.svc:9090/api/v1/write",
        "https://x.example.org/write",
    ]
    server = one(objects(files), "StatefulSet", "observe-external")
    assert "--web.enable-remote-write-receiver" in pod(server)["containers"][0]["args"]


def test_an_edge_tier_may_read_pods_and_nodes_and_nothing_else() -> None:
    found = objects(render_kubernetes(Stack(), TIERS))
    assert one(found, "ClusterRole", "observe-observe-edge")["rules"] == [
        {"apiGroups": [""], "resources": ["nodes", "pods"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
    ]
    tokens = {
        o["metadata"]["name"]: pod(o)["automountServiceAccountToken"]
        for o in found
        if o["kind"] == "StatefulSet"
    }
    assert tokens == {
        "observe-edge": True,
        "observe-external": False,
        "observe-alertmanager": False,
    }


def test_other_rules_replace_the_pods_and_the_same_rules_do_not() -> None:
    def checksum(tiers: Any) -> str:
        found = objects(render_kubernetes(Stack(), tiers))
        template = one(found, "StatefulSet", "observe-external")["spec"]["template"]
        return str(template["metadata"]["annotations"]["mesh-observe/config"])

    fewer = type(TIERS)(TIERS.edge, type(TIERS.external)({}, TIERS.external.resources))
    assert checksum(TIERS) == checksum(TIERS)
    assert checksum(TIERS) != checksum(fewer)


def test_only_keys_that_a_component_needs_are_mounted() -> None:
    found = objects(render_kubernetes(Stack(), TIERS))
    (secret,) = [
        v
        for v in pod(one(found, "StatefulSet", "observe-alertmanager"))["volumes"]
        if "secret" in v
    ]
    assert [item["key"] for item in secret["secret"]["items"]] == ["web.yml"]


def test_no_secret_is_rendered() -> None:
    for auth in ("basic", "mtls"):
        files = render_kubernetes(two_clusters(security=Security(auth=auth)), TIERS)  # type: ignore[arg-type]
        assert all(o["kind"] != "Secret" for o in objects(files))
        assert not any("$2" in text.replace("$1:$2", "") for text in files.values())


def test_istios_own_namespace_is_used_but_not_taken_over() -> None:
    found = objects(render_kubernetes(Stack(namespace="istio-system"), TIERS))
    assert all(o["kind"] != "Namespace" for o in found)


def test_an_external_tier_lets_edge_tiers_and_labelled_clients_in() -> None:
    found = objects(render_kubernetes(Stack(), TIERS))
    (rule,) = one(found, "NetworkPolicy", "observe-external")["spec"]["ingress"]
    assert rule["ports"] == [{"port": 9090, "protocol": "TCP"}]
    assert rule["from"] == [
        {"namespaceSelector": {}, "podSelector": {"matchLabels": {"mesh-observe/client": "true"}}},
        {"podSelector": {"matchLabels": {"mesh-observe/component": "edge"}}},
    ]


def test_rules_that_no_config_map_can_hold_are_refused() -> None:
    huge = {"groups": [{"name": "x", "rules": [{"record": "a:b:c", "expr": "up" * 600_000}]}]}
    tiers = type(TIERS)(type(TIERS.edge)({"x.yaml": huge}, TIERS.edge.resources), TIERS.external)
    with pytest.raises(InputError, match=r"observe-edge-rules would hold 1,2.* Kubernetes takes"):
        render_kubernetes(Stack(), tiers)
