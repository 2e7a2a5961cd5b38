"""Control plane: does configuration reach the proxies, fast and without errors."""

from __future__ import annotations

from observe.grafana.dashboards.board import Board, Line, Section
from observe.grafana.dashboards.control_plane_detail import hygiene, webhooks
from observe.grafana.dashboards.control_plane_process import istiod
from observe.grafana.dashboards.infra import build_versions, counter, gauge, quantile
from observe.grafana.dashboards.links import to
from observe.grafana.dashboards.panels import (
    GREEN,
    ORANGE,
    RED,
    YELLOW,
    Query,
    distribution,
    series,
    stat,
)
from observe.grafana.dashboards.variables import cluster
from observe.telemetry.recorded import RECORDED_REQUESTS

#: Series that tell which clusters have a control plane.
NAMES = f"pilot_xds|controlplane:pilot_xds:sum|{RECORDED_REQUESTS}"
SLOW = ((None, GREEN), (1, YELLOW), (5, ORANGE), (10, RED))
_DAY = 86_400


def _now() -> Line:
    return Line(
        4,
        [
            stat(
                "Convergence p99",
                "From a change until 99 of 100 proxies have it. Good: below 1 s. Above 10 s "
                "proxies "
                "send traffic to pods that are gone: look at the queue and at istiod's CPU.",
                "s",
                Query(f"max({quantile(0.99, 'pilot_proxy_convergence_time')})"),
                steps=SLOW,
                decimals=2,
            ),
            stat(
                "Proxies connected",
                "Proxies that istiod serves. Good: as many as there are sidecars, gateways, "
                "waypoints and ztunnels. 0: nothing changes in the mesh any more.",
                "short",
                Query(f"sum({gauge('pilot_xds', 'sum')})"),
                steps=((None, RED), (1, GREEN)),
            ),
            stat(
                "Refused by proxies",
                "Configuration per second that proxies refused (NACK). Good: 0. More: the type "
                "below and istiod's log say which object.",
                "ops",
                Query(f"sum({counter('pilot_total_xds_rejects')})"),
                steps=((None, GREEN), (0.001, RED)),
                none="0",
            ),
            stat(
                "Injection failures",
                "Pods per second that should have got a sidecar and did not. Good: 0. Such pods do "
                "not start, or start outside the mesh.",
                "ops",
                Query(f"sum({counter('sidecar_injection_failure_total')})"),
                steps=((None, GREEN), (0.001, RED)),
                none="0",
            ),
            stat(
                "Root certificate ends in",
                "Time until the root certificate ends. Below 30 days: plan its rotation now; when "
                "it ends every connection in the mesh fails.",
                "s",
                Query(f"min({gauge('citadel_server_root_cert_expiry_timestamp', 'min')}) - time()"),
                steps=((None, RED), (7 * _DAY, ORANGE), (30 * _DAY, GREEN)),
                spark=False,
            ),
            build_versions(),
        ],
    )


def _pushes() -> list[Line]:
    return [
        Line(
            8,
            [
                series(
                    "Convergence",
                    "From a change until proxies have it. Good: p99 below 1 s. Rising while pushes "
                    "rise: istiod is too small, or proxies get more than they need (Sidecar).",
                    "s",
                    *(
                        Query(
                            quantile(level, "pilot_proxy_convergence_time"), f"{{{{cluster}}}} {n}"
                        )
                        for level, n in ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"))
                    ),
                    steps=SLOW,
                ),
                series(
                    "Pushes by type",
                    "Configuration sent per second. Endpoints (eds) follow rollouts; many cds, lds "
                    "or rds are changes of Istio's objects. A type that ends in senderr did not "
                    "arrive.",
                    "ops",
                    Query(counter("pilot_xds_pushes", ("type",)), "{{cluster}} {{type}}"),
                    stacked=True,
                ),
                series(
                    "Errors",
                    "Refused by proxies, failures inside istiod, proxies too slow to take it, "
                    "objects "
                    "that could not be used. Good: 0.",
                    "ops",
                    Query(
                        counter("pilot_total_xds_rejects", ("type",)),
                        "{{cluster}} refused {{type}}",
                    ),
                    Query(counter("pilot_total_xds_internal_errors"), "{{cluster}} internal"),
                    Query(counter("pilot_xds_write_timeout"), "{{cluster}} too slow to take"),
                    Query(counter("pilot_total_rejected_configs"), "{{cluster}} objects unusable"),
                ),
            ],
        ),
        Line(
            8,
            [
                series(
                    "What triggers pushes",
                    "Causes per second. Many of type endpoint: pods come and go; many of type "
                    "config: "
                    "somebody, or something, changes Istio's objects all the time.",
                    "ops",
                    Query(counter("pilot_push_triggers", ("type",)), "{{cluster}} {{type}}"),
                    stacked=True,
                ),
                series(
                    "Proxies by istiod",
                    "Connected proxies by replica, and what the proxies themselves say. Good: "
                    "about "
                    "equal; connections are long-lived, so a new replica fills slowly.",
                    "short",
                    Query(gauge("pilot_xds", "sum", ("pod",)), "{{pod}}"),
                    Query(_proxies_say(), "{{cluster}} as proxies say"),
                ),
                series(
                    "Waiting to be pushed",
                    "Time that a proxy waits in the queue, and that changes are collected before "
                    "(debounce, 0.1 s by default). Queue above 1 s: istiod is busy.",
                    "s",
                    Query(quantile(0.99, "pilot_proxy_queue_time"), "{{cluster}} queue p99"),
                    Query(quantile(0.99, "pilot_debounce_time"), "{{cluster}} debounce p99"),
                ),
            ],
        ),
    ]


def _proxies_say() -> str:
    raw = 'envoy_cluster_upstream_cx_active{cluster=~"$cluster", cluster_name="xds-grpc"}'
    recorded = 'controlplane:envoy_cluster_upstream_cx_active:sum{cluster=~"$cluster"}'
    return f"sum by (cluster) ({recorded}) or sum by (cluster) ({raw})"


def _shape() -> Section:
    return Section(
        "Push time and size",
        [
            Line(
                9,
                [
                    distribution(
                        "Push time",
                        "Time to make and send one configuration, by bucket. Good: below 0.1 s.",
                        "s",
                        f"sum by (le) ({counter('pilot_xds_push_time_bucket', ('le',))})",
                    ),
                    distribution(
                        "Push size",
                        "Size of what is sent to a proxy. Above 4 MB it strains proxies and "
                        "network: "
                        "narrow with Sidecar or discoverySelectors what each proxy gets.",
                        "bytes",
                        f"sum by (le) ({counter('pilot_xds_config_size_bytes_bucket', ('le',))})",
                    ),
                    series(
                        "Push time by type",
                        "p99 of the time to make and send, by type. The slowest type shows what to "
                        "narrow.",
                        "s",
                        Query(
                            quantile(0.99, "pilot_xds_push_time", ("type",)), "{{cluster}} {{type}}"
                        ),
                    ),
                ],
            )
        ],
        folded=True,
    )


def control_plane() -> Board:
    """istiod and what it does for the proxies."""
    return Board(
        "observe-control-plane",
        "Observe / Control plane",
        "Does configuration reach the proxies, fast and without errors; how istiod fares.",
        [cluster(NAMES)],
        [Section("", [_now(), *_pushes()]), _shape(), hygiene(), webhooks(), istiod()],
        [to("observe-federation", "Federation and scraping", "Is the telemetry itself whole")],
    )
