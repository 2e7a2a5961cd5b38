"""Alerts on traffic: what circuit breakers shed, what finds no endpoint or route, what retries add.

All read recorded rates in the external tier. Shares alone mislead where traffic is thin, so each
also asks for a minimum of requests.
"""

from __future__ import annotations

from observe.bootstrap.alerts.build import alert, percent
from observe.bootstrap.alerts.clients_view import once
from observe.bootstrap.alerts.outcome_selectors import flagged
from observe.bootstrap.alerts.slo_series import BY, OUTCOMES
from observe.bootstrap.alerts.thresholds import THRESHOLDS as T
from observe.bootstrap.rules.model import Alert
from observe.bootstrap.stack import Stack
from observe.telemetry.matchers import escape_regex, quote, selector
from observe.telemetry.recorded import RECORDED_REQUESTS

_SERVICE = "{{ $labels.destination_service }}"
_CLIENT = "{{ $labels.source_workload_namespace }}/{{ $labels.source_workload }}"
_IN = "(clients in {{ $labels.cluster }})"
_SHARE = "{{ $value | humanizePercentage }}"


def mesh_alerts(stack: Stack) -> list[Alert]:
    """Alerts on the mesh's traffic."""
    return [
        _circuit_breaker(),
        _no_healthy_upstream(),
        _timeouts(),
        _no_route(stack),
        _amplification(stack),
        _ejections(stack),
        _pool_overflow(),
        _retry_overflow(stack),
    ]


def _flag_share(flags: tuple[str, ...], share: float, more: str = "") -> str:
    """Share of a service's requests that carry a flag, where it is high and no accident."""
    flags_rate = f"sum by ({BY}) ({OUTCOMES}{{{flagged(flags)}{more}}})"
    return (
        f"{flags_rate} / sum by ({BY}) ({OUTCOMES}) > {share:g}\n"
        f"and on ({BY}) {flags_rate} > {T.flag_per_second:g}"
    )


def _circuit_breaker() -> Alert:
    return alert(
        "IstioCircuitBreakerOverflow",
        _flag_share(("UO",), T.flag_share),
        severity="warning",
        summary=f"Circuit breakers shed requests to {_SERVICE} {_IN}",
        description=f"{_SHARE} of the requests to {_SERVICE} were refused by the clients' own"
        " proxies (flag UO), because a connection pool or its queue was full; this alert begins at"
        f" {percent(T.flag_share)}. Either the service is too slow for its load, or the"
        " limits of its DestinationRule are too tight.",
    )


def _no_healthy_upstream() -> Alert:
    return alert(
        "IstioNoHealthyUpstream",
        _flag_share(("UH",), T.unhealthy_share),
        severity="critical",
        pending="3m",
        summary=f"{_SERVICE} has no healthy endpoint {_IN}",
        description=f"{_SHARE} of the requests to {_SERVICE} found no healthy endpoint (flag UH);"
        f" this alert begins at {percent(T.unhealthy_share)}. No pod is ready, a subset selects"
        " none, or outlier detection has ejected them all.",
    )


def _timeouts() -> Alert:
    timeout = (
        f"sum by ({BY}) ({OUTCOMES}{{{flagged(('UT', 'UMSDR'))}}}"
        f' or {OUTCOMES}{{{flagged(("UT", "UMSDR", "DI", "FI"), "!~")},response_code="504"}})'
    )
    return alert(
        "IstioTimeouts",
        f"{timeout} / sum by ({BY}) ({OUTCOMES}) > {T.timeout_share:g}\n"
        f"and on ({BY}) {timeout} > {T.flag_per_second:g}",
        severity="warning",
        pending="10m",
        summary=f"Requests to {_SERVICE} run into their timeout {_IN}",
        description=f"{_SHARE} of the requests to {_SERVICE} were cut by a timeout (flag UT, or"
        f" 504); this alert begins at {percent(T.timeout_share)}. The service became slower, or"
        " the timeout is shorter than its answers take.",
    )


def _no_route(stack: Stack) -> Alert:
    by = "cluster, source_workload, source_workload_namespace"
    flags = flagged(("NR", "NC"))
    sent = once(selector(RECORDED_REQUESTS, ['reporter="source"']), stack)
    unrouted = once(selector(RECORDED_REQUESTS, ['reporter="source"', flags]), stack)
    lost = f"sum by ({by}) ({unrouted})"
    before = f"avg_over_time(({lost})[6h:5m] offset 30m)"
    return alert(
        "IstioNoRoute",
        f"{lost} > {T.flag_per_second:g}\n"
        f"and on ({by}) {lost} / sum by ({by}) ({sent}) > {T.no_route_share:g}\n"
        f"unless on ({by}) {lost} < {T.no_route_surge:g} * {before}",
        severity="warning",
        pending="10m",
        summary=f"Requests of {_CLIENT} in {{{{ $labels.cluster }}}} match no route",
        description=f"{{{{ $value | humanize }}}} requests a second of {_CLIENT} matched no route"
        f" or no cluster (flag NR or NC): more than {percent(T.no_route_share)} of what it sends,"
        f" and at least {T.no_route_surge:g} times as many as in the 6 hours before. Mostly a"
        " VirtualService, Gateway or subset was changed or removed.",
    )


def _amplification(stack: Stack) -> Alert:
    """Tries at the server per request at the client, whichever cluster the server is in.

    A server in another cluster is scraped there; its series name the client's cluster in
    `source_cluster`. Names that are none of the stack's clusters (such as Istio's default,
    "Kubernetes") are taken for the server's own.
    """
    edge = "source_workload, source_workload_namespace, destination_service"
    sent = once(selector(RECORDED_REQUESTS, ['reporter="source"']), stack)
    sent = f"sum by (cluster, {edge}) ({sent})"
    received = once(selector(RECORDED_REQUESTS, ['reporter="destination"']), stack)
    received = f"sum by (cluster, source_cluster, {edge}) ({received})"
    names = "|".join(escape_regex(cluster.name) for cluster in stack.clusters)
    home = f'label_replace({received}, "client", "$1", "cluster", "(.*)")'
    home = f'label_replace({home}, "client", "$1", "source_cluster", {quote(f"({names})")})'
    arrived = f"sum by (client, {edge}) ({home})"
    arrived = f'label_replace({arrived}, "cluster", "$1", "client", "(.*)")'
    return alert(
        "IstioRetryAmplification",
        f"sum by (cluster, {edge}) (\n  {arrived}\n)\n/ {sent} > {T.amplification:g}\n"
        f"and on (cluster, {edge}) {sent} > {T.amplification_per_second:g}",
        severity="warning",
        pending="10m",
        summary=f"Retries of {_CLIENT} multiply the load on {_SERVICE} {_IN}",
        description=f"{_SERVICE} receives {{{{ $value | humanize }}}} requests for each one that"
        f" {_CLIENT} sends; the rest are retries. This alert begins at {T.amplification:g}. Retries"
        " help against single failures; against an overload they add to it.",
    )


_UPSTREAM = (
    "{{ $labels.cluster_name }} (as {{ $labels.namespace }}/{{ $labels.workload }} in"
    " {{ $labels.cluster }} sees it)"
)


def _ejections(stack: Stack) -> Alert:
    active = once("workload:envoy_cluster_outlier_detection_ejections_active:max", stack)
    members = once("workload:envoy_cluster_membership:max", stack)
    return alert(
        "IstioOutlierEjections",
        f"{active} / ({members} > 0) > {T.ejected_share:g}",
        severity="warning",
        pending="10m",
        summary=f"Outlier detection keeps endpoints out of {_UPSTREAM}",
        description=f"{_SHARE} of the endpoints are ejected in at least one proxy for 10 minutes;"
        f" this alert begins at {percent(T.ejected_share)}. The endpoints that are left carry"
        " the load of all.",
    )


def _pool_overflow() -> Alert:
    """Envoy's own count; unlike the flag UO it also counts tries that a retry then saved."""
    metrics = "workload:envoy_cluster_upstream_rq_(pending|active)_overflow:rate5m"
    return alert(
        "IstioConnectionPoolOverflow",
        f'max by (cluster, namespace, workload, cluster_name) ({{__name__=~"{metrics}"}})'
        f" > {T.overflow_per_second:g}",
        severity="info",
        pending="10m",
        summary=f"A connection pool is full: {_UPSTREAM}",
        description="{{ $value | humanize }} tries a second did not fit into the connection pool"
        " or its queue; some of them may have been saved by a retry.",
    )


def _retry_overflow(stack: Stack) -> Alert:
    return alert(
        "IstioRetryOverflow",
        once("workload:envoy_cluster_upstream_rq_retry_overflow:rate5m", stack)
        + f" > {T.overflow_per_second:g}",
        severity="info",
        pending="10m",
        summary=f"Retries hit their budget: {_UPSTREAM}",
        description="{{ $value | humanize }} retries a second were not sent because the retry"
        " budget or maxRetries was used up. That is what the limit is for; it says that a failure"
        " is too widespread to be cured by retries.",
    )
