"""Alerts on the way from the edge tiers to the external one: is all of it there, and in time.

The heartbeat's value is the moment of the evaluation that recorded it, so its age tells how old
the rates are that everything else is judged by.
"""

from __future__ import annotations

from observe.bootstrap.alerts.build import alert, percent
from observe.bootstrap.alerts.thresholds import THRESHOLDS as T
from observe.bootstrap.rules.model import Alert
from observe.bootstrap.stack import Stack
from observe.telemetry.recorded import HEARTBEAT, recorded_name

_CLUSTER = "{{ $labels.cluster }}"
_DURATION = "istio_request_duration_milliseconds"
_MISALIGNED_SHARE = 0.01


def federation_alerts(stack: Stack) -> list[Alert]:
    """Alerts of the external tier on what arrives from each cluster of the stack."""
    alerts = [
        _stale(stack),
        *(_missing(cluster.name) for cluster in stack.clusters),
        _gaps(stack),
        _misaligned(),
        _no_bucket(stack),
    ]
    if stack.external.transport == "federate":
        alerts.append(_target_down())
    if stack.edge.replicas > 1:
        alerts.append(_replica_down(stack))
    return alerts


def stale_seconds(stack: Stack) -> int:
    """An age of the newest rates that three evaluations and two requests do not explain."""
    expected = 3 * stack.edge.evaluation_seconds + 2 * stack.external.federation_seconds
    return max(T.federation_stale_seconds, expected)


def _stale(stack: Stack) -> Alert:
    limit = stale_seconds(stack)
    return alert(
        "ObserveFederationStale",
        f"time() - max by (cluster) (max_over_time({HEARTBEAT}[1d])) > {limit}",
        severity="critical",
        pending="2m",
        summary=f"Nothing new arrives from {_CLUSTER}",
        description=f"The newest rates of {_CLUSTER} are {{{{ $value | humanizeDuration }}}} old;"
        f" this alert begins at {limit} seconds. Rates cover 5 minutes: what happens while none"
        " arrive is lost to the external tier, and its other alerts on this cluster are blind.",
    )


def _missing(cluster: str) -> Alert:
    return alert(
        "ObserveFederationMissing",
        f'absent_over_time({HEARTBEAT}{{cluster="{cluster}"}}[1d])',
        severity="critical",
        pending="15m",
        labels={"cluster": cluster},
        summary=f"{cluster} has sent nothing for a day, or never",
        description=f"The stack names the cluster {cluster}, but no rates of it have arrived"
        " within a day. No alert can fire for it. A cluster label that differs between the stack"
        " and the edge tier looks the same.",
    )


def _gaps(stack: Stack) -> Alert:
    expected = 3600 // stack.edge.evaluation_seconds
    arrived = f"count_over_time({HEARTBEAT}[1h])"
    if stack.edge.replicas > 1:
        arrived = f"max without (prometheus_replica) ({arrived})"
    missed = f"(1 - {arrived} / {expected})"
    return alert(
        "ObserveFederationPartial",
        f"{missed} > {T.missed_evaluations_share:g}\n"
        f"and on (cluster) {HEARTBEAT} offset 1h\nand on (cluster) {HEARTBEAT}",
        severity="warning",
        pending="10m",
        summary=f"Rates of {_CLUSTER} arrive with gaps",
        description="{{ $value | humanizePercentage }} of the evaluations of the last hour did not"
        f" arrive; this alert begins at {percent(T.missed_evaluations_share)}. Totals are"
        " corrected for gaps and say so in the report's coverage; what was in them stays unknown.",
    )


def _misaligned() -> Alert:
    """Buckets and counts of one evaluation are equal to the last digit."""
    buckets = f'sum by (cluster) ({recorded_name(f"{_DURATION}_bucket")}{{le="+Inf"}})'
    counts = f"sum by (cluster) ({recorded_name(f'{_DURATION}_count')})"
    return alert(
        "ObserveBucketsIncomplete",
        f"abs(({buckets} or {counts} * 0) / ({counts} > 0) - 1) > {_MISALIGNED_SHARE:g}",
        severity="warning",
        pending="10m",
        summary=f"Latency buckets of {_CLUSTER} do not match their counts",
        description="Buckets differ from counts by {{ $value | humanizePercentage }}, where both"
        f" come from one evaluation; this alert begins at {percent(_MISALIGNED_SHARE)}. Quantiles"
        " and latency objectives are wrong by as much. Mostly a limit on samples or a relabelling"
        " drops a part of the series.",
    )


def _no_bucket(stack: Stack) -> Alert:
    limit = stack.objectives.latency_ms
    return alert(
        "ObserveLatencyBucketMissing",
        "count by (cluster) (service:istio_requests_timed:rate5m\n"
        "  unless on (cluster, destination_service) service:istio_requests_slow:rate5m)",
        severity="warning",
        pending="15m",
        summary=f"The latency objective cannot be judged in {_CLUSTER}",
        description="{{ $value }} services have durations but no bucket that ends at"
        f" {limit:g} ms, so nobody will be told when they are slow. objectives.latencyMs must be"
        " the upper end of a bucket that the proxies have.",
    )


def _target_down() -> Alert:
    return alert(
        "ObserveFederationTargetDown",
        'max by (cluster, job, instance) (up{job=~"federate-.+"}) == 0',
        severity="warning",
        pending="3m",
        summary=f"The edge tier of {_CLUSTER} does not answer requests to /federate",
        description="{{ $labels.instance }} (job {{ $labels.job }}) has not answered for 3"
        " minutes: it is down or unreachable, refuses the password or certificate, or needs"
        " longer than the time allowed.",
    )


def _replica_down(stack: Stack) -> Alert:
    return alert(
        "ObserveReplicaDown",
        f"count by (cluster) ({HEARTBEAT}) < {stack.edge.replicas}",
        severity="warning",
        pending="10m",
        summary=f"Only one server of the pair of {_CLUSTER} is heard",
        description=f"{{{{ $value }}}} of {stack.edge.replicas} edge servers of {_CLUSTER} send"
        " rates. The other one carries on alone; when it stops as well, there are none.",
    )
