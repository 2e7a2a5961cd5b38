"""Alerts on istiod: is it there, do its changes arrive, does it issue, inject and validate.

Names as istiod exposes them today; `pilot_xds_push_errors`, which many rules in circulation wait
for, does not exist.
"""

from __future__ import annotations

from observe.bootstrap.alerts.build import alert, percent
from observe.bootstrap.alerts.clients_view import once
from observe.bootstrap.alerts.thresholds import THRESHOLDS as T
from observe.bootstrap.config.jobs import ISTIOD
from observe.bootstrap.rules.model import Alert
from observe.bootstrap.stack import Stack
from observe.telemetry.recorded import HEARTBEAT

_IN = "in {{ $labels.cluster }}"
_DAY = 86_400


def control_plane_alerts(stack: Stack) -> list[Alert]:
    """Alerts on the control plane of every cluster."""
    return [
        _down(),
        _nobody_connected(stack),
        _convergence(stack),
        _push_errors(stack),
        *(_counted(stack, *each) for each in _COUNTED),
        _injection(stack),
        *_certificates(),
        _duplicates(stack),
        _config_size(stack),
        _versions(stack),
    ]


def _rate(metric: str, stack: Stack, matchers: str = "") -> str:
    series = once(f"controlplane:{metric}:rate5m{matchers}", stack)
    return f"sum by (cluster) ({series})"


def _down() -> Alert:
    """Only while the cluster is heard: a gap in federation has an alert of its own.

    A cluster that had no istiod in the last three days is served by another's.
    """
    up = f'job:up:sum{{job="{ISTIOD}"}}'
    return alert(
        "IstioControlPlaneDown",
        f"max by (cluster) (max_over_time({up}[3d])) > 0\n"
        f"and on (cluster) {HEARTBEAT}\n"
        f"unless on (cluster) {up} > 0",
        severity="critical",
        summary=f"No istiod answers {_IN}",
        description=f"Not one istiod of {{{{ $labels.cluster }}}} was scraped for 5 minutes"
        f" (job {ISTIOD}). Proxies keep what they were last told; new pods get no sidecar and no"
        " certificate, and certificates run out after a day.",
    )


def _nobody_connected(stack: Stack) -> Alert:
    connected = f"sum by (cluster) ({once('controlplane:pilot_xds:sum', stack)})"
    up = once(f'job:up:sum{{job="{ISTIOD}"}}', stack)
    return alert(
        "IstioNoProxyConnected",
        f"{connected} == 0\nand on (cluster) {up} > 0\n"
        f"and on (cluster) max_over_time(({connected})[1d:5m]) > 0",
        severity="critical",
        summary=f"No proxy is connected to istiod {_IN}",
        description="istiod answers, yet no proxy has been connected to it for 5 minutes, where"
        " there were some within the last day. Changes of configuration and endpoints reach"
        " nobody.",
    )


def _convergence(stack: Stack) -> Alert:
    buckets = once("controlplane:pilot_proxy_convergence_time_bucket:rate5m", stack)
    return alert(
        "IstioSlowConvergence",
        f"histogram_quantile(0.99, sum by (cluster, le) ({buckets})) > {T.convergence_seconds:g}",
        severity="warning",
        pending="10m",
        summary=f"Changes reach the proxies late {_IN}",
        description="One push in a hundred takes {{ $value | humanizeDuration }} or longer from"
        f" the change until the proxy has it; this alert begins at {T.convergence_seconds:g}"
        " seconds. Until then proxies send to endpoints that are gone.",
    )


def _push_errors(stack: Stack) -> Alert:
    failed = " + ".join(
        f"({_rate(metric, stack, matchers)} or {_rate('pilot_xds_pushes', stack)} * 0)"
        for metric, matchers in (
            ("pilot_xds_pushes", '{type=~".+_senderr"}'),
            ("pilot_total_xds_internal_errors", ""),
            ("pilot_xds_write_timeout", ""),
        )
    )
    return alert(
        "IstioPushErrors",
        f"({failed})\n/ ({_rate('pilot_xds_pushes', stack)} > 0) > {T.failure_share:g}",
        severity="warning",
        pending="10m",
        summary=f"istiod fails to send configuration {_IN}",
        description="{{ $value | humanizePercentage }} of the pushes could not be made or sent;"
        f" this alert begins at {percent(T.failure_share)}. Proxies stay with what they had.",
    )


#: Name, metric, severity, summary, description of alerts on any increase that goes on.
_COUNTED = (
    (
        "IstioConfigRejectedByProxies",
        "pilot_total_xds_rejects",
        "critical",
        f"Proxies refuse their configuration {_IN}",
        "{{ $value | humanize }} refusals a second for 10 minutes. A proxy that refuses keeps its"
        " old configuration, endpoints included, and drifts away from the cluster. Often an"
        " EnvoyFilter that does not fit the proxy's version.",
    ),
    (
        "IstioConfigUnusable",
        "pilot_total_rejected_configs",
        "warning",
        f"istiod cannot use some Istio objects {_IN}",
        "{{ $value | humanize }} objects a second were set aside for 10 minutes. What they ask for"
        " is not in force.",
    ),
    (
        "IstioValidationRefusals",
        "galley_validation_failed",
        "info",
        f"Istio objects are refused by the webhook {_IN}",
        "{{ $value | humanize }} objects a second were refused for 10 minutes: someone, or some"
        " pipeline, keeps trying to apply what is not valid.",
    ),
)


def _counted(
    stack: Stack, name: str, metric: str, severity: str, summary: str, description: str
) -> Alert:
    return alert(
        name,
        f"{_rate(metric, stack)} > 0",
        severity=severity,
        pending="10m",
        summary=summary,
        description=description,
    )


def _injection(stack: Stack) -> Alert:
    failed, asked = (_rate(f"sidecar_injection_{what}", stack) for what in ("failure", "requests"))
    return alert(
        "IstioInjectionFailures",
        f"{failed} / ({asked} > 0) > {T.failure_share:g}",
        severity="critical",
        summary=f"Pods cannot get their sidecar {_IN}",
        description="{{ $value | humanizePercentage }} of the injections fail; this alert begins"
        f" at {percent(T.failure_share)}. Depending on the webhook's failurePolicy such pods do"
        " not start, or start outside the mesh.",
    )


def _certificates() -> list[Alert]:
    """The earlier of the two; istiod reports -1 for a certificate that it cannot read."""
    known = '{__name__=~"controlplane:citadel_server_(root_cert|cert_chain)_expiry_timestamp:min"}'
    left = f"(min by (cluster) ({known} > 0) - time()) / {_DAY}"
    days = {"critical": T.certificate_critical_days, "warning": T.certificate_warning_days}
    return [
        alert(
            "IstioCertificateExpiry",
            f"{left} < {limit}",
            severity=severity,
            pending="15m",
            labels={"days": str(limit)},
            summary=f"A certificate of the mesh's authority ends soon {_IN}",
            description=f"The root certificate or a certificate between it and the workloads' ends"
            f" in {{{{ $value | humanize }}}} days; this alert begins at {limit}. When it ends,"
            " all mTLS in the mesh ends with it.",
        )
        for severity, limit in days.items()
    ]


def _duplicates(stack: Stack) -> Alert:
    return alert(
        "IstioDuplicateVirtualServices",
        once("controlplane:pilot_vservice_dup_domain:max", stack) + " > 0",
        severity="warning",
        pending="10m",
        summary=f"Hosts with more than one VirtualService {_IN}",
        description="{{ $value }} hosts have more than one VirtualService for the mesh. For"
        " sidecars only the oldest counts: timeouts, retries and routes of the others are not in"
        " force.",
    )


def _config_size(stack: Stack) -> Alert:
    buckets = once("controlplane:pilot_xds_config_size_bytes_bucket:rate5m", stack)
    return alert(
        "IstioConfigTooLarge",
        f"histogram_quantile(0.99, sum by (cluster, type, le) ({buckets}))"
        f" > {T.config_bytes / 1e6:g}e6",
        severity="warning",
        pending="15m",
        summary=f"Proxies are sent very large configurations {_IN}",
        description="The largest one in a hundred of type {{ $labels.type }} is"
        f" {{{{ $value | humanize }}}}B; this alert begins at {T.config_bytes / 1e6:g} MB, where"
        " gRPC's default limit lies. Memory of every proxy and the time of every push grow with"
        " it.",
    )


def _versions(stack: Stack) -> Alert:
    running = once('mesh:istio_build:sum{component="pilot"}', stack)
    return alert(
        "IstioControlPlaneVersionsDiffer",
        f"count by (cluster) (count by (cluster, tag) ({running})) > 1",
        severity="info",
        pending="2h",
        summary=f"istiods of different versions run {_IN}",
        description="{{ $value }} versions of istiod have been running for 2 hours. That is normal"
        " during an upgrade by revisions, and otherwise an upgrade that was not finished.",
    )
