"""Folded rows of resources: courses over time."""

from __future__ import annotations

from observe.bootstrap.rules.make import series_name
from observe.grafana.dashboards.board import Line, Section
from observe.grafana.dashboards.infra import container, happened
from observe.grafana.dashboards.panels import GREEN, RED, YELLOW, Query, series
from observe.grafana.dashboards.variables import (
    CLUSTER,
)

CPU, MEMORY = "container_cpu_usage_seconds_total", "container_memory_working_set_bytes"
CPU_USED = series_name("workload", CPU, "rate5m")
MEMORY_USED = series_name("workload", MEMORY, "max")
NAMES = "{{workload}} {{container}}"


def memory_of_largest() -> str:
    """Working set of the largest pod."""
    return container(MEMORY, "max", rate=False, recorded=MEMORY_USED)


def throttled() -> str:
    """Share of CPU periods in which a container hit its limit."""
    held, periods = (
        container(
            f"container_cpu_cfs_{what}_total",
            "sum",
            rate=True,
            recorded=f"workload:container_cpu_cfs_{what}:rate5m",
        )
        for what in ("throttled_periods", "periods")
    )
    return f"({held}) / (({periods}) > 0)"


def over_time() -> Section:
    """Usage, throttling, OOM kills, restarts, replicas."""
    return Section(
        "Over time",
        [
            Line(
                8,
                [
                    series(
                        "CPU by container over time",
                        "Cores over all pods. Look for a daily "
                        "rhythm: a request has to bear its peak.",
                        "none",
                        Query(container(CPU, "sum", rate=True, recorded=CPU_USED), NAMES),
                    ),
                    series(
                        "Memory by container over time",
                        "Largest pod. A saw-tooth that ends at the limit is an OOM kill.",
                        "bytes",
                        Query(memory_of_largest(), NAMES),
                    ),
                    series(
                        "Throttling",
                        "Share of periods in which the CPU limit held a container "
                        "back. Good: below 5 %. No lines: no CPU limits are set.",
                        "percentunit",
                        Query(throttled(), NAMES),
                        steps=((None, GREEN), (0.05, YELLOW), (0.25, RED)),
                    ),
                ],
            ),
            Line(
                8,
                [
                    series(
                        "OOM kills",
                        "Processes killed for lack of memory within five minutes. Good: none.",
                        "short",
                        Query(happened("container_oom_events_total"), NAMES),
                        bars=True,
                    ),
                    series(
                        "Restarts",
                        "Containers restarted within five minutes. No lines: "
                        "kube-state-metrics is not scraped.",
                        "short",
                        Query(happened("kube_pod_container_status_restarts_total"), NAMES),
                        bars=True,
                    ),
                    series(
                        "Replicas",
                        "Wanted and current, and what the autoscaler allows. Always at "
                        "the maximum: raise it. No lines: there is no HorizontalPodAutoscaler, or "
                        "kube-state-metrics is not scraped.",
                        "short",
                        *_scalers(),
                    ),
                ],
            ),
        ],
        folded=True,
    )


def _scalers() -> list[Query]:
    found = []
    for name, words in (("status_current_replicas", "now"), ("spec_max_replicas", "most")):
        metric = f"kube_horizontalpodautoscaler_{name}"
        scope = f'{CLUSTER}, namespace=~"$namespace", horizontalpodautoscaler=~"$workload"'
        by = "cluster, namespace, horizontalpodautoscaler"
        found.append(
            Query(
                f"max by ({by}) (workload:{metric}:max{{{scope}}}) or max by ({by}) "
                f"({metric}{{{scope}}})",
                f"{{{{horizontalpodautoscaler}}}} {words}",
            )
        )
    return found
