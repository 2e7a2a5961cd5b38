"""Alerts on the Prometheus servers themselves and on what becomes of alerts.

The external tier judges every server by the few series that the edge tiers send of themselves.
Its own series have no label `cluster`.
"""

from __future__ import annotations

from observe.bootstrap.alerts.build import Tier, alert, percent
from observe.bootstrap.alerts.thresholds import THRESHOLDS as T
from observe.bootstrap.config.federation import OWN_JOB
from observe.bootstrap.rules.model import Alert

_OWN = f'{{job="{OWN_JOB}"}}'
_WHO = (
    "{{ with $labels.cluster }}the edge tier of {{ . }}{{ else }}the external tier{{ end }}"
    " ({{ $labels.instance }})"
)
_BY = "cluster, instance"


def server_alerts() -> list[Alert]:
    """Alerts of the external tier on all servers."""
    return [
        _rules_failing(),
        _rules_missed(),
        _reload(),
        _restarts(),
        _compaction(),
        _storage(),
        _notifications(),
        _delivery(),
    ]


def watchdog(tier: Tier) -> Alert:
    """An alert that always fires: whoever receives it knows that the others would arrive too."""
    return alert(
        "ObserveWatchdog",
        "vector(1)",
        severity="none",
        pending="0s",
        tier=tier,
        summary="Alerts are evaluated and delivered",
        description="This alert always fires. Let something outside the cluster raise an alarm"
        " when it stops arriving: then rules, Prometheus or Alertmanager do not work.",
    )


def _increase(metric: str, window: str) -> str:
    return f"sum by ({_BY}) (increase({metric}{_OWN}[{window}]))"


def _rules_failing() -> Alert:
    return alert(
        "ObserveRulesFailing",
        f"{_increase('prometheus_rule_evaluation_failures_total', '15m')} > 0",
        severity="critical",
        summary=f"Rules fail in {_WHO}",
        description="{{ $value | humanize }} evaluations failed in the last 15 minutes. What those"
        " rules record is missing, and alerts among them cannot fire.",
    )


def _rules_missed() -> Alert:
    return alert(
        "ObserveRulesMissed",
        f"{_increase('prometheus_rule_group_iterations_missed_total', '15m')}"
        f" >= {T.missed_evaluations}",
        severity="warning",
        summary=f"Evaluations of rules are skipped in {_WHO}",
        description="{{ $value | humanize }} evaluations were skipped in the last 15 minutes,"
        f" because the one before had not ended; this alert begins at {T.missed_evaluations}."
        " The server is too slow for its rules.",
    )


def _reload() -> Alert:
    return alert(
        "ObserveReloadFailed",
        f"max by ({_BY}) (prometheus_config_last_reload_successful{_OWN}) == 0",
        severity="warning",
        pending="10m",
        summary=f"The configuration of {_WHO} is not in force",
        description="The last reload failed; the server goes on with the configuration before it,"
        " and will not start with the new one.",
    )


def _restarts() -> Alert:
    return alert(
        "ObserveServerRestarts",
        f"max by ({_BY}) (changes(process_start_time_seconds{_OWN}[1h])) >= {T.restarts}",
        severity="warning",
        pending="0s",
        summary=f"{_WHO} keeps restarting",
        description=f"{{{{ $value }}}} restarts in an hour; this alert begins at {T.restarts}. Each"
        " one costs the rates of some minutes. Mostly memory.",
    )


def _compaction() -> Alert:
    return alert(
        "ObserveCompactionFailing",
        f"{_increase('prometheus_tsdb_compactions_failed_total', '3h')} > 0",
        severity="warning",
        pending="15m",
        summary=f"{_WHO} cannot write its blocks",
        description="{{ $value | humanize }} compactions failed in the last 3 hours. Memory and"
        " the write-ahead log grow until the server stops. Mostly the disk is full.",
    )


def _storage() -> Alert:
    """Only where a limit of bytes is set; it deletes history without a word."""
    limit = f"(prometheus_tsdb_retention_limit_bytes{_OWN} > 0)"
    return alert(
        "ObserveStorageNearlyFull",
        f"max by ({_BY}) (prometheus_tsdb_storage_blocks_bytes{_OWN} / {limit})"
        f" > {T.storage_share:g}",
        severity="warning",
        pending="1h",
        summary=f"{_WHO} will soon forget more than it should",
        description="Blocks take {{ $value | humanizePercentage }} of the bytes allowed; this"
        f" alert begins at {percent(T.storage_share)}. From 100 % on the oldest days are deleted,"
        " whatever the retention time says.",
    )


def _notifications() -> Alert:
    return alert(
        "ObserveNotificationsLost",
        f"{_increase('prometheus_notifications_dropped_total', '15m')} > 0",
        severity="critical",
        summary=f"Alerts of {_WHO} do not reach Alertmanager",
        description="{{ $value | humanize }} alerts were dropped in the last 15 minutes, because"
        " no Alertmanager took them. If this one reaches you, there is another way for it.",
    )


def _delivery() -> Alert:
    failed = "increase(alertmanager_notifications_failed_total[15m])"
    sent = "increase(alertmanager_notifications_total[15m])"
    by = "instance, integration"
    return alert(
        "ObserveAlertDeliveryFailing",
        f"sum by ({by}) ({failed}) / (sum by ({by}) ({sent}) > 0) > {T.failure_share:g}",
        severity="critical",
        summary="Alertmanager cannot deliver by {{ $labels.integration }}",
        description="{{ $value | humanizePercentage }} of the messages by"
        f" {{{{ $labels.integration }}}} failed; this alert begins at"
        f" {percent(T.failure_share)}. Mostly a secret that has changed.",
    )
