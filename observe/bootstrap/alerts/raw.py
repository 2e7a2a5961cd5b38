"""Alerts of the edge tier: what can only be seen in series as they were scraped.

Those series have no label `cluster`; Prometheus adds it to the alert as it sends it.
"""

from __future__ import annotations

from observe.bootstrap.alerts.build import alert, percent
from observe.bootstrap.alerts.thresholds import THRESHOLDS as T
from observe.bootstrap.config.federation import OWN_JOB
from observe.bootstrap.rules.model import Alert
from observe.bootstrap.stack import Stack

_IN = "in {{ $externalLabels.cluster }}"


def raw_alerts(stack: Stack) -> list[Alert]:
    """Alerts on proxies and targets of one cluster."""
    return [_plaintext(), _samples_near(stack), _samples_exceeded(stack)]


def _plaintext() -> Alert:
    by = "destination_workload_namespace, destination_workload"

    def rate(policy: str, window: str, before: str = "") -> str:
        matchers = f'reporter="destination",connection_security_policy="{policy}"'
        return f"sum by ({by}) (rate(istio_requests_total{{{matchers}}}[{window}]{before}))"

    return alert(
        "IstioPlaintextBegan",
        f"{rate('none', '5m')} > {T.plaintext_per_second:g}\n"
        f"unless on ({by}) {rate('none', '1h', ' offset 1h')} > 0\n"
        f"and on ({by}) {rate('mutual_tls', '1h')} > 0",
        severity="warning",
        tier="edge",
        summary="{{ $labels.destination_workload_namespace }}/{{ $labels.destination_workload }}"
        f" {_IN} now receives plaintext",
        description="{{ $value | humanize }} requests a second arrive without mTLS, where an hour"
        " before all came with it. A client left the mesh, or a policy was loosened.",
    )


def _samples_near(stack: Stack) -> Alert:
    limit = stack.edge.sample_limit
    return alert(
        "ObserveSampleLimitNear",
        f'max by (job) (scrape_samples_post_metric_relabeling{{job=~"istio.*|ztunnel"}})'
        f" > {T.samples_share * limit:.0f}",
        severity="warning",
        pending="15m",
        tier="edge",
        summary=f"A target of job {{{{ $labels.job }}}} {_IN} nears its limit of samples",
        description=f"One target shows {{{{ $value | humanize }}}} series; this alert begins at"
        f" {percent(T.samples_share)} of {limit}. Above the limit nothing of it is stored at all.",
    )


def _samples_exceeded(stack: Stack) -> Alert:
    return alert(
        "ObserveSampleLimitExceeded",
        "sum(increase(prometheus_target_scrapes_exceeded_sample_limit_total"
        f'{{job="{OWN_JOB}"}}[15m])) > 0',
        severity="critical",
        tier="edge",
        summary=f"Scrapes {_IN} are thrown away: too many series",
        description=f"{{{{ $value | humanize }}}} scrapes of the last 15 minutes had more than"
        f" {stack.edge.sample_limit} series and were thrown away whole: those pods are missing"
        " from every rate.",
    )


def remote_write_alerts() -> list[Alert]:
    """Alerts on sending, for stacks whose edge tiers write to the external one."""
    newest = f'prometheus_remote_storage_highest_timestamp_in_seconds{{job="{OWN_JOB}"}}'
    sent = f'prometheus_remote_storage_queue_highest_sent_timestamp_seconds{{job="{OWN_JOB}"}}'
    return [
        alert(
            "ObserveRemoteWriteBehind",
            f"max by (instance) ({newest}) - on (instance) min by (instance) ({sent})"
            f" > {T.federation_stale_seconds}",
            severity="critical",
            tier="edge",
            summary=f"Rates {_IN} are sent late",
            description="The newest sample sent is {{ $value | humanizeDuration }} older than the"
            f" newest there is; this alert begins at {T.federation_stale_seconds} seconds. After"
            " two hours or so the rest is lost.",
        ),
        alert(
            "ObserveRemoteWriteFailing",
            "sum by (instance) (rate(prometheus_remote_storage_samples_failed_total"
            f'{{job="{OWN_JOB}"}}[5m])) > 0',
            severity="critical",
            tier="edge",
            summary=f"The external tier refuses rates {_IN}",
            description="{{ $value | humanize }} samples a second are refused for good and will"
            " not be sent again. Mostly a password, or samples that are too old.",
        ),
    ]
