"""Folded row of ambient mode: each ztunnel."""

from __future__ import annotations

from observe.grafana.dashboards.board import Line, Section
from observe.grafana.dashboards.infra import counter, gauge
from observe.grafana.dashboards.panels import Query, series
from observe.grafana.dashboards.promql import AUTO
from observe.grafana.dashboards.variables import CLUSTER

POD = ("pod",)
NO_ZTUNNEL = "Nothing here: ambient mode is off, there is no ztunnel."
OPENED, CLOSED = "istio_tcp_connections_opened_total", "istio_tcp_connections_closed_total"
SENT, RECEIVED = "istio_tcp_sent_bytes_total", "istio_tcp_received_bytes_total"


def ztunnels() -> Section:
    """Each ztunnel: what it serves, what it uses."""

    def by_pod(metric: str, *more: str) -> str:
        return counter(metric, (*POD, *more), at="ztunnel")

    return Section(
        "ztunnels",
        [
            Line(
                8,
                [
                    series(
                        "Workloads by ztunnel",
                        "Workloads that each ztunnel serves, and that wait to "
                        f"be. Waiting for long: its node is stuck. {NO_ZTUNNEL}",
                        "short",
                        Query(
                            gauge("workload_manager_active_proxy_count", "sum", POD, at="ztunnel"),
                            "{{pod}} served",
                        ),
                        Query(
                            gauge("workload_manager_pending_proxy_count", "sum", POD, at="ztunnel"),
                            "{{pod}} waiting",
                        ),
                    ),
                    series(
                        "ztunnel memory",
                        f"Working set. Good: flat, some ten MB. {NO_ZTUNNEL}",
                        "bytes",
                        Query(
                            _usage(
                                "container_memory_working_set_bytes",
                                "workload:container_memory_working_set_bytes:max",
                                "{}",
                                "max",
                            ),
                            "{{cluster}}",
                        ),
                    ),
                    series(
                        "ztunnel CPU",
                        f"Cores. About 0.06 for 1,000 requests per second. {NO_ZTUNNEL}",
                        "none",
                        Query(
                            _usage(
                                "container_cpu_usage_seconds_total",
                                "workload:container_cpu_usage_seconds:rate5m",
                                f"rate({{}}[{AUTO}])",
                                "sum",
                            ),
                            "{{cluster}}",
                        ),
                    ),
                ],
            ),
            Line(
                8,
                [
                    series(
                        "DNS requests",
                        f"Answered by ztunnel per second. {NO_ZTUNNEL}",
                        "reqps",
                        Query(by_pod("istio_dns_requests_total"), "{{pod}}"),
                    ),
                    series(
                        "Updates from istiod",
                        f"Messages per second by kind. {NO_ZTUNNEL}",
                        "ops",
                        Query(by_pod("istio_xds_message_total", "url"), "{{pod}} {{url}}"),
                    ),
                    series(
                        "Lost connections to istiod",
                        "Per second. Now and then is normal (30 minutes "
                        f"of age); often: look at istiod. {NO_ZTUNNEL}",
                        "ops",
                        Query(by_pod("istio_xds_connection_terminations_total"), "{{pod}}"),
                    ),
                    series(
                        "Open sockets",
                        f"By ztunnel. A climb without more traffic is a leak. {NO_ZTUNNEL}",
                        "short",
                        Query(gauge("istio_tcp_sockets_open", "sum", POD, at="ztunnel"), "{{pod}}"),
                    ),
                ],
            ),
            Line(
                8,
                [
                    series(
                        "Connections by ztunnel",
                        "Opened and closed per second, by pod. Only on an "
                        "edge tier: recorded series are kept by workload, not by pod. "
                        f"{NO_ZTUNNEL}",
                        "cps",
                        Query(_by_ztunnel(OPENED), "{{pod}} opened"),
                        Query(_by_ztunnel(CLOSED), "{{pod}} closed"),
                    ),
                    series(
                        "Bytes by ztunnel",
                        "Per second, by pod. Only on an edge tier: recorded series "
                        f"are kept by workload, not by pod. {NO_ZTUNNEL}",
                        "Bps",
                        Query(_by_ztunnel(RECEIVED), "{{pod}} received"),
                        Query(_by_ztunnel(SENT), "{{pod}} sent"),
                    ),
                    series(
                        "Open connections and files",
                        "Connections that were opened and not closed, and "
                        "open files. Only on an edge tier: recorded series are kept by "
                        "workload, not "
                        f"by pod. {NO_ZTUNNEL}",
                        "short",
                        Query(f"{_open(OPENED)} - {_open(CLOSED)}", "{{pod}} connections"),
                        Query(
                            f"max by (cluster, pod) (process_open_fds{{{CLUSTER}, "
                            'pod=~"ztunnel-.*"})',
                            "{{pod}} files",
                        ),
                    ),
                ],
            ),
        ],
        folded=True,
    )


def _by_ztunnel(metric: str) -> str:
    mine = f'{CLUSTER}, reporter="source", pod=~"ztunnel-.*"'
    return f"sum by (cluster, pod) (rate({metric}{{{mine}}}[{AUTO}]))"


def _open(metric: str) -> str:
    return f'sum by (cluster, pod) ({metric}{{{CLUSTER}, reporter="source", pod=~"ztunnel-.*"}})'


def _usage(metric: str, recorded: str, function: str, aggregate: str) -> str:
    """Of ztunnel's containers: by pod in the raw form, of all pods together in the recorded one."""
    raw = function.format(f'{metric}{{{CLUSTER}, pod=~"ztunnel-.*", container="istio-proxy"}}')
    kept = f'{recorded}{{{CLUSTER}, workload="ztunnel"}}'
    return f"{aggregate} by (cluster) ({kept}) or {aggregate} by (cluster) ({raw})"
