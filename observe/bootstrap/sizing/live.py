"""A mesh counted from a Prometheus that already watches it, by queries that only count."""

from __future__ import annotations

from collections.abc import Callable

from observe.bootstrap.sizing.counts import MeshCounts
from observe.errors import SourceError
from observe.telemetry.catalogue import EDGE_LABELS, OUTCOME_LABELS
from observe.telemetry.client import PrometheusClient
from observe.telemetry.recorded import recorded_name

_REQUESTS = "istio_requests_total"
_MESSAGES = "istio_request_messages_total"
_TCP = "istio_tcp_sent_bytes_total"
_CONTAINERS = 'container_memory_working_set_bytes{container!="",container!="POD"}'
_PODS = "workload:container_pods:count"

Count = Callable[[str], int]


def count_mesh(client: PrometheusClient, cluster: str | None = None) -> MeshCounts:
    """How large the mesh is that a server sees now.

    Counters of the proxies are counted where they are; where only recorded rates are, as in an
    external tier, every edge is taken to be told by the mean number of pods of a workload.

    Args:
        client: the server.
        cluster: value of the label `cluster`, where series carry one; every cluster when not
            given.

    Raises:
        SourceError: no answer, or nothing of Istio is there to count.
    """
    chosen = f'cluster="{cluster}"' if cluster else ""

    def count(query: str) -> int:
        values = client.instant(query).values
        return int(values[0]) if len(values) else 0

    if count(f"count({_REQUESTS}{{{chosen}}}) or count({_TCP}{{{chosen}}})"):
        return _from_counters(count, chosen)
    if count(f"count({recorded_name(_REQUESTS)}{{{chosen}}})"):
        return _from_rates(count, chosen)
    raise SourceError(
        "there is no series of Istio to count" + (f" with {chosen}" if cluster else ""),
        "check the address, or type the size of the mesh in with --services and --pods",
    )


def _groups(count: Count, metric: str, chosen: str, labels: tuple[str, ...]) -> int:
    return count(f"count(group by ({', '.join(labels)}) ({metric}{{{chosen}}}))")


def _from_counters(count: Count, chosen: str) -> MeshCounts:
    comma = f",{chosen}" if chosen else ""
    outcomes = (*EDGE_LABELS, *OUTCOME_LABELS)
    containers = _CONTAINERS.replace("}", f"{comma}}}")
    no_replicas = (
        "count(group by (namespace, container, workload) (label_replace("
        f'{containers}, "workload", "$1", "pod", "(.+?)(-[a-z0-9]+)?-[a-z0-9]{{5}}")))'
    )
    proxies = count(f'count(istio_build{{component="proxy"{comma}}})')
    pods = count(f"count(group by (namespace, pod) ({containers}))")
    return MeshCounts(
        request_sets=count(f"count({_REQUESTS}{{{chosen}}})"),
        request_groups=_groups(count, _REQUESTS, chosen, outcomes),
        edges=_groups(count, _REQUESTS, chosen, EDGE_LABELS),
        services=_groups(count, _REQUESTS, chosen, ("destination_service",)),
        grpc_sets=count(f"count({_MESSAGES}{{{chosen}}})"),
        grpc_edges=_groups(count, _MESSAGES, chosen, EDGE_LABELS),
        tcp_sets=count(f"count({_TCP}{{{chosen}}})"),
        tcp_edges=_groups(count, _TCP, chosen, EDGE_LABELS),
        proxies=proxies or _groups(count, _REQUESTS, chosen, ("namespace", "pod", "instance")),
        ztunnels=count(f'count(up{{job="ztunnel"{comma}}})'),
        istiods=count(f'count(istio_build{{component="pilot"{comma}}})') or 1,
        nodes=count(f"count(group by (node, instance) ({containers}))") or 1,
        pods=pods or proxies,
        containers=count(f"count({containers})") or 2 * proxies,
        workload_containers=count(no_replicas)
        or 2 * _groups(count, _REQUESTS, chosen, ("destination_workload",)),
        envoy_clusters=_envoy_clusters(count, chosen, proxies),
    )


def _envoy_clusters(count: Count, chosen: str, proxies: int) -> int:
    """Upstream clusters by proxy, on average; most proxies show none."""
    comma = f",{chosen}" if chosen else ""
    shown = count(f'count(envoy_cluster_upstream_rq_active{{cluster_name!="xds-grpc"{comma}}})')
    return -(-shown // proxies) if proxies else 0


def _from_rates(count: Count, chosen: str) -> MeshCounts:
    requests, tcp, messages = map(recorded_name, (_REQUESTS, _TCP, _MESSAGES))
    series = count(f"count({requests}{{{chosen}}})")
    tcp_edges, grpc_edges = (
        count(f"count({tcp}{{{chosen}}})"),
        count(f"count({messages}{{{chosen}}})"),
    )
    pods = count(f'sum({_PODS}{{container="istio-proxy"{"," + chosen if chosen else ""}}})')
    workloads = count(f'count({_PODS}{{container="istio-proxy"{"," + chosen if chosen else ""}}})')
    replicas = pods / workloads if workloads else 1.0
    return MeshCounts(
        request_sets=round(series * replicas),
        request_groups=series,
        edges=_groups(count, requests, chosen, EDGE_LABELS),
        services=_groups(count, requests, chosen, ("destination_service",)),
        grpc_sets=round(grpc_edges * replicas),
        grpc_edges=grpc_edges,
        tcp_sets=round(tcp_edges * replicas),
        tcp_edges=tcp_edges,
        proxies=pods or _groups(count, requests, chosen, ("destination_workload",)),
        nodes=max(1, round(pods / 20)),
        pods=pods,
        containers=count(f"sum({_PODS}{{{chosen}}})"),
        workload_containers=count(f"count({_PODS}{{{chosen}}})"),
    )
