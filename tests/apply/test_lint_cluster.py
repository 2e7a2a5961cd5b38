"""The linter reads a cluster: the objects, and what meshConfig says of retries."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from observe.cli import main

V1 = "networking.istio.io/v1"


def _put(server, kind: str, name: str, namespace: str, spec: dict) -> None:
    metadata = {"name": name, "namespace": namespace}
    server.put("kubectl", {"apiVersion": V1, "kind": kind, "metadata": metadata, "spec": spec})


@pytest.fixture
def mesh(server, kubeconfig):
    """A cluster with Istio's kinds; its kubeconfig."""
    for kind in ("VirtualService", "DestinationRule"):
        server.kinds[V1, f"{kind.lower()}s"] = (kind, True, {})
    server.put("kubectl", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    route = {"route": [{"destination": {"host": "cart", "subset": "v2"}}], "timeout": "1s"}
    _put(server, "VirtualService", "cart", "shop", {"hosts": ["cart"], "http": [route]})
    return kubeconfig(server.url)


def _lint(*arguments: object):
    return CliRunner().invoke(main, ["lint", *map(str, arguments)])


def test_the_objects_of_a_cluster_are_judged_as_all_there_is(mesh):
    run = _lint("--cluster-context", "east", "--kubeconfig", mesh, "--format", "json")
    assert run.exit_code == 0, run.stderr
    findings = json.loads(run.stdout)["findings"]
    assert [(f["code"], f["severity"], f["file"], f["line"]) for f in findings] == [
        # read from the cluster, the lack of a DestinationRule is certain
        ("SUBSET_NOT_DEFINED", "critical", "cluster:east", None),
        ("DEFAULT_RETRIES_SHARE_TIMEOUT", "info", "cluster:east", None),
    ]


def test_the_default_retries_are_read_from_the_mesh_configuration(mesh, server):
    server.put(
        "kubectl",
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "istio", "namespace": "istio-system"},
            "data": {"mesh": "defaultHttpRetryPolicy:\n  attempts: 0\n"},
        },
    )
    run = _lint("--cluster-context", "east", "--kubeconfig", mesh)
    assert "DEFAULT_RETRIES" not in run.stdout
    assert "1 critical" in run.stdout


def test_a_mesh_configuration_that_may_not_be_read_is_told(mesh, server):
    server.forbidden.add(("get", "configmaps"))
    run = _lint("--cluster-context", "east", "--kubeconfig", mesh)
    assert run.exit_code == 0
    assert "ConfigMap istio-system/istio of east may not be read" in run.stderr


def test_objects_that_may_not_be_read_end_the_run(mesh, server):
    server.forbidden.add(("list", "virtualservices"))
    run = _lint("--cluster-context", "east", "--kubeconfig", mesh)
    assert run.exit_code == 3
    assert run.stdout == ""
    assert run.stderr.startswith("error: ")
    assert len(run.stderr.splitlines()) == 1


def test_files_are_judged_together_with_the_cluster(mesh, tmp_path):
    file = tmp_path / "rule.yaml"
    file.write_text(
        f"apiVersion: {V1}\nkind: DestinationRule\nmetadata: {{name: cart, namespace: shop}}\n"
        "spec:\n  host: cart\n  subsets: [{name: v2, labels: {version: v2}}]\n"
    )
    run = _lint(file, "--cluster-context", "east", "--kubeconfig", mesh)
    assert "SUBSET_NOT_DEFINED" not in run.stdout


def test_an_object_in_a_file_takes_the_place_of_the_clusters(mesh, tmp_path):
    file = tmp_path / "cart.yaml"
    file.write_text(
        f"apiVersion: {V1}\nkind: VirtualService\nmetadata: {{name: cart, namespace: shop}}\n"
        "spec:\n  hosts: [cart]\n  http: [{route: [{destination: {host: cart}}]}]\n"
    )
    run = _lint(file, "--cluster-context", "east", "--kubeconfig", mesh)
    assert run.stdout == "no findings\n"
