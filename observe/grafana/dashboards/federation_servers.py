"""Folded row: the Prometheus servers themselves."""

from __future__ import annotations

from observe.grafana.dashboards.board import Line, Section
from observe.grafana.dashboards.panels import (
    Query,
    series,
)
from observe.grafana.dashboards.promql import AUTO
from observe.grafana.dashboards.variables import CLUSTER
from observe.telemetry.recorded import EVALUATION_SECONDS, HEARTBEAT

RULES_OFF = "No number: the recording rules are off on this server."
EXPECTED = 600 // EVALUATION_SECONDS


def own(metric: str) -> str:
    """A metric of the Prometheus servers themselves, which keeps its name in both tiers."""
    return f'{metric}{{{CLUSTER}, job="prometheus"}}'


def servers() -> Section:
    """Each Prometheus: memory, samples, rules."""
    name = "{{cluster}} {{instance}}"

    def each(metric: str, *, rate: bool = False) -> str:
        inner = f"rate({own(metric)}[{AUTO}])" if rate else own(metric)
        return f"sum by (cluster, instance) ({inner})"

    return Section(
        "Prometheus servers",
        [
            Line(
                8,
                [
                    series(
                        "Series in memory by server",
                        "Good: flat, with steps at deployments.",
                        "short",
                        Query(each("prometheus_tsdb_head_series"), name),
                    ),
                    series(
                        "Samples by server",
                        "Taken in per second. Half of it gone: half of the targets is gone.",
                        "cps",
                        Query(each("prometheus_tsdb_head_samples_appended_total", rate=True), name),
                    ),
                    series(
                        "Memory by server",
                        "Resident memory. Rises with series and with queries.",
                        "bytes",
                        Query(each("process_resident_memory_bytes"), name),
                    ),
                ],
            ),
            Line(
                8,
                [
                    series(
                        "Rule evaluation",
                        "Longest evaluation of a group, and how often they run. "
                        "Good: far below. Close: evaluations are missed.",
                        "s",
                        Query(
                            "max by (cluster, instance) "
                            f"({own('prometheus_rule_group_last_duration_seconds')})",
                            f"{name} takes",
                        ),
                        Query(
                            "max by (cluster, instance) "
                            f"({own('prometheus_rule_group_interval_seconds')})",
                            f"{name} every",
                        ),
                    ),
                    series(
                        "Missed and failed",
                        "Evaluations missed or failed, alerts not delivered, "
                        "samples not sent, per second. Good: 0.",
                        "ops",
                        Query(
                            each("prometheus_rule_group_iterations_missed_total", rate=True),
                            f"{name} missed",
                        ),
                        Query(
                            each("prometheus_rule_evaluation_failures_total", rate=True),
                            f"{name} failed",
                        ),
                        Query(
                            each("prometheus_notifications_dropped_total", rate=True),
                            f"{name} alerts lost",
                        ),
                        Query(
                            each("prometheus_remote_storage_samples_failed_total", rate=True),
                            f"{name} not sent",
                        ),
                    ),
                    series(
                        "Evaluations that arrived by cluster",
                        "Of ten minutes. Below 90 %: "
                        f"federation has gaps. {RULES_OFF.replace('number', 'lines')}",
                        "percentunit",
                        Query(
                            f"max by (cluster) (count_over_time({HEARTBEAT}{{{CLUSTER}}}[10m])) / "
                            f"{EXPECTED}",
                            "{{cluster}}",
                        ),
                        top=1.2,
                    ),
                ],
            ),
        ],
        folded=True,
    )
