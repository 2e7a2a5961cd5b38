"""How large a mesh is, as far as the size of its telemetry depends on it; one cluster."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from observe.documents import CamelModel

#: Buckets of Istio's histograms, `+Inf` among them.
BUCKETS = 20


class MeshCounts(CamelModel):
    """Numbers of one cluster, counted or typed in.

    A *label set* is a distinct set of labels of `istio_requests_total`: who called whom, as one
    pod tells it, with one outcome.
    """

    request_sets: int = Field(ge=0, description="label sets of istio_requests_total, pods apart")
    request_groups: int = Field(ge=0, description="the same without pods: what rules sum to")
    edges: int = Field(ge=0, description="caller, callee and reporter, without outcomes")
    services: int = Field(default=0, ge=0, description="services that are called")
    grpc_sets: int = Field(default=0, ge=0, description="label sets of istio_request_messages")
    grpc_edges: int = Field(default=0, ge=0, description="the same without pods and outcomes")
    tcp_sets: int = Field(default=0, ge=0, description="label sets of istio_tcp_sent_bytes")
    tcp_edges: int = Field(default=0, ge=0, description="the same without pods")
    proxies: int = Field(default=0, ge=0, description="sidecars, gateways and waypoints")
    ztunnels: int = Field(default=0, ge=0)
    istiods: int = Field(default=1, ge=0)
    nodes: int = Field(default=1, ge=0)
    pods: int = Field(default=0, ge=0, description="all pods of the cluster")
    containers: int = Field(default=0, ge=0, description="all containers of the cluster")
    workload_containers: int = Field(default=0, ge=0, description="containers without replicas")
    envoy_clusters: int = Field(
        default=0, ge=0, description="upstream clusters that each proxy shows statistics of"
    )

    @classmethod
    def typical(
        cls,
        *,
        services: int,
        pods: int,
        calls: int | None = None,
        outcomes: float = 3.0,
        gateways: int = 2,
        nodes: int | None = None,
        envoy_clusters: int = 0,
        grpc_share: float = 0.3,
        tcp_share: float = 0.1,
    ) -> Self:
        """Numbers of a mesh of which only the size is known.

        Each call is told by every pod of the caller and every pod of the callee.

        Args:
            services: services that are called.
            pods: pods with a sidecar.
            calls: pairs of a caller and a callee; 3 for each service when not given.
            outcomes: response codes and flags that an edge shows on average.
            gateways: pods of gateways.
            nodes: nodes; one for 20 pods when not given.
            envoy_clusters: upstream clusters that each proxy is told to show.
            grpc_share: share of calls that are gRPC.
            tcp_share: share of calls that are plain TCP.
        """
        pairs = 3 * services if calls is None else calls
        http, tcp = round(pairs * (1 - tcp_share)), round(pairs * tcp_share)
        replicas = max(1.0, pods / max(services, 1))
        sets = 2 * http * replicas
        grpc = round(http * grpc_share)
        return cls(
            request_sets=round(sets * outcomes),
            request_groups=round(2 * http * outcomes),
            edges=2 * http,
            services=services,
            grpc_sets=round(2 * grpc * replicas),
            grpc_edges=2 * grpc,
            tcp_sets=round(2 * tcp * replicas),
            tcp_edges=2 * tcp,
            proxies=pods + gateways,
            nodes=max(1, round(pods / 20)) if nodes is None else nodes,
            pods=pods + gateways + 1,
            containers=2 * pods + gateways + 1,
            workload_containers=2 * services + 2,
            envoy_clusters=envoy_clusters,
        )
