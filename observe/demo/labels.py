"""The label sets that Istio's proxies and cAdvisor put on their series, as Prometheus stores them.

Source of the names: Istio's "Standard Metrics" reference, and the addon's scrape configuration for
what comes on top (`job`, `instance`, `namespace`, `pod`). `cluster` is an external label of each
cluster's Prometheus.
"""

from __future__ import annotations

from observe.demo.pods import Pod
from observe.demo.stream import Outcome
from observe.demo.truth import Edge, Workload

Labels = dict[str, str]

_UNKNOWN = "unknown"


def istio_labels(edge: Edge, reporter: str, outcome: Outcome, pod: Pod) -> Labels:
    """Labels of a proxy's series about one edge and one outcome, without `__name__` and `le`."""
    client, service = edge.client, edge.service
    server = service.workload
    owner = client if reporter == "source" else server
    secured = "mutual_tls" if client.sidecar else "none"
    return {
        "reporter": reporter,
        **_side("source", client, known=client.sidecar),
        **_side("destination", server, known=True),
        "destination_service": service.host,
        "destination_service_name": server.name,
        "destination_service_namespace": server.namespace,
        "request_protocol": service.protocol,
        "response_code": outcome.code,
        "response_flags": outcome.flags,
        "grpc_response_status": outcome.grpc_status,
        # the client's proxy does not know, whatever the connection is
        "connection_security_policy": _UNKNOWN if reporter == "source" else secured,
        **_scraped(owner, pod, "kubernetes-pods", "15020"),
        "app": owner.name,
    }


def container_labels(workload: Workload, pod: Pod, container: str) -> Labels:
    """Labels of cAdvisor's series about one container, without `__name__`."""
    return {
        **_scraped(workload, pod, "kubernetes-nodes-cadvisor", "10250"),
        "container": container,
        "image": f"registry.example.com/{workload.name}:v1",
        "node": f"{workload.cluster}-node-1",
    }


def _side(side: str, workload: Workload, *, known: bool) -> Labels:
    name = workload.name
    principal = f"spiffe://cluster.local/ns/{workload.namespace}/sa/{name}"
    values = {
        "workload": name,
        "workload_namespace": workload.namespace,
        "principal": principal,
        "app": name,
        "version": "v1",
        "canonical_service": name,
        "canonical_revision": "v1",
        "cluster": workload.cluster,
    }
    return {f"{side}_{key}": value if known else _UNKNOWN for key, value in values.items()}


def _scraped(workload: Workload, pod: Pod, job: str, port: str) -> Labels:
    return {
        "cluster": workload.cluster,
        "namespace": workload.namespace,
        "pod": pod.name,
        "job": job,
        "instance": f"{pod.address}:{port}",
    }
