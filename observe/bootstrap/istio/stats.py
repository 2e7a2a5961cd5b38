"""Which of Envoy's statistics a proxy shows beyond Istio's own metrics, and what they cost.

Istio keeps statistics of application clusters to itself. Matchers are compared with full names,
`cluster.outbound|80||cart.shop.svc.cluster.local;.upstream_rq_retry`: endings and regular
expressions work, prefixes of a statistic never match. Source: Istio, "Envoy Statistics".
"""

from __future__ import annotations

from typing import Any

from observe.bootstrap.rendered import yaml_text

SUFFIXES = (
    *("upstream_rq_total", "upstream_rq_active", "upstream_rq_pending_active"),
    *("upstream_rq_pending_overflow", "upstream_rq_active_overflow", "upstream_rq_timeout"),
    *("upstream_rq_per_try_timeout", "upstream_rq_retry", "upstream_rq_retry_success"),
    *("upstream_rq_retry_limit_exceeded", "upstream_rq_retry_overflow", "upstream_cx_total"),
    *("upstream_cx_active", "upstream_cx_overflow", "upstream_cx_connect_fail"),
    *("upstream_cx_connect_timeout", "membership_healthy", "membership_total"),
    "lb_healthy_panic",
)
_EJECTIONS = (
    *("active", "enforced_total", "overflow"),
    *("enforced_consecutive_5xx", "enforced_consecutive_gateway_failure"),
)
_BREAKERS = ("cx_open", "rq_pending_open", "rq_open", "rq_retry_open")
REGEXPS = (
    rf".*outlier_detection\.ejections_({'|'.join(_EJECTIONS)})",
    rf".*circuit_breakers\.default\.({'|'.join(_BREAKERS)})",
)
#: Series of one upstream cluster in one proxy, when every statistic is there.
SERIES_PER_CLUSTER = len(SUFFIXES) + len(_EJECTIONS) + len(_BREAKERS)


def matcher() -> dict[str, Any]:
    """`proxyStatsMatcher` of a ProxyConfig."""
    return {"inclusionSuffixes": list(SUFFIXES), "inclusionRegexps": list(REGEXPS)}


def mesh_config() -> dict[str, Any]:
    """The same for the whole mesh, in a `meshConfig`."""
    return {"meshConfig": {"defaultConfig": {"proxyStatsMatcher": matcher()}}}


def pod_annotation() -> dict[str, Any]:
    """The same for the pods of one workload: a piece of its pod template."""
    text = yaml_text([{"proxyStatsMatcher": matcher()}])
    return {"metadata": {"annotations": {"proxy.istio.io/config": text}}}


def extra_series(proxies: int, clusters: int) -> int:
    """Series that this adds to an edge tier.

    Args:
        proxies: sidecars, gateways and waypoints.
        clusters: upstream clusters that one proxy knows: about one a port of each service it may
            call, fewer with a `Sidecar` that narrows `egress`.
    """
    return proxies * clusters * SERIES_PER_CLUSTER
