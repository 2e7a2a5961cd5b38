"""Which series leave an edge tier: what it recorded, and how it fares itself. Nothing raw."""

from __future__ import annotations

from typing import Any

from observe.bootstrap.rules import edge_rules
from observe.bootstrap.stack import Stack

#: The job by which a tier scrapes itself.
OWN_JOB = "prometheus"

#: How an edge tier fares; a handful of series each.
HEALTH = (
    "prometheus_build_info",
    "prometheus_config_last_reload_successful",
    "prometheus_notifications_dropped_total",
    "prometheus_remote_storage_samples_failed_total",
    "prometheus_rule_evaluation_failures_total",
    "prometheus_rule_group_iterations_missed_total",
    "prometheus_rule_group_last_duration_seconds",
    "prometheus_rule_group_interval_seconds",
    "prometheus_tsdb_compactions_failed_total",
    "prometheus_tsdb_head_series",
    "prometheus_tsdb_retention_limit_bytes",
    "prometheus_tsdb_storage_blocks_bytes",
    "prometheus_tsdb_head_samples_appended_total",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
)


def recorded_rules(stack: Stack) -> list[tuple[str, str]]:
    """Name and expression of every series that the rules of an edge tier record."""
    return [
        (str(rule["record"]), str(rule["expr"]))
        for document in edge_rules(stack).values()
        for group in document["groups"]
        for rule in group["rules"]
        if "record" in rule
    ]


def recorded_names(stack: Stack) -> tuple[str, ...]:
    """The series that the rules of an edge tier record, sorted."""
    return tuple(sorted({name for name, _ in recorded_rules(stack)}))


def levels(stack: Stack) -> tuple[str, ...]:
    """The first parts of the recorded names, sorted."""
    return tuple(sorted({name.partition(":")[0] for name in recorded_names(stack)}))


def matches(stack: Stack) -> list[str]:
    """The `match[]` of a request to `/federate`.

    By level, not by name: all names would make an address of some ten thousand characters, which
    ingress gateways refuse (nginx takes 8 KiB).
    """
    ours = f'{{__name__=~"({"|".join(levels(stack))}):.+:.+"}}'
    health = "|".join((*HEALTH, "up"))
    return [ours, f'{{__name__=~"{health}",job="{OWN_JOB}"}}']


def kept_by_remote_write(stack: Stack) -> list[dict[str, Any]]:
    """The `write_relabel_configs` that let the same series pass."""
    recorded = f"({'|'.join(levels(stack))}):.+:.+;.*"
    health = "|".join(f"{name};{OWN_JOB}" for name in (*HEALTH, "up"))
    return [
        {
            "source_labels": ["__name__", "job"],
            "regex": f"{recorded}|{health}",
            "action": "keep",
        }
    ]
