"""Folded row of the control plane: istiod's own processes."""

from __future__ import annotations

from observe.grafana.dashboards.board import Line, Section
from observe.grafana.dashboards.infra import CONTROL, IS_ISTIOD, counter, gauge
from observe.grafana.dashboards.panels import Query, series
from observe.grafana.dashboards.promql import AUTO
from observe.grafana.dashboards.variables import CLUSTER

_POD = ("pod",)
_DISCOVERY = 'container="discovery", pod=~"istiod-.*"'


def _process(metric: str, aggregate: str = "max") -> str:
    return gauge(metric, aggregate, _POD, only=IS_ISTIOD)


def _spent(metric: str) -> str:
    return counter(metric, _POD, at=CONTROL, only=IS_ISTIOD)


def _discovery(metric: str, recorded: str, raw: str) -> str:
    """istiod's container as cAdvisor sees it; recorded by workload, raw by pod."""
    mine = f'{CLUSTER}, workload=~"istiod.*", container="discovery"'
    return (
        f"max by (cluster) ({recorded}{{{mine}}}) "
        f"or max by (cluster) ({raw.format(f'{metric}{{{CLUSTER}, {_DISCOVERY}}}')})"
    )


def istiod() -> Section:
    """istiod's own processes."""
    memory, cpu = "container_memory_working_set_bytes", "container_cpu_usage_seconds_total"
    return Section(
        "istiod's own resources",
        [
            Line(
                8,
                [
                    series(
                        "istiod memory",
                        "Of the process, of Go's heap and stacks, and of the container (largest "
                        "pod). "
                        "Grows with services and proxies; a steady climb is a leak.",
                        "bytes",
                        Query(_process("process_resident_memory_bytes"), "{{pod}} resident"),
                        Query(_process("go_memstats_heap_inuse_bytes"), "{{pod}} heap in use"),
                        Query(_process("go_memstats_heap_alloc_bytes"), "{{pod}} heap allocated"),
                        Query(_process("go_memstats_stack_inuse_bytes"), "{{pod}} stacks"),
                        Query(
                            _discovery(
                                memory, "workload:container_memory_working_set_bytes:max", "{}"
                            ),
                            "{{cluster}} container",
                        ),
                    ),
                    series(
                        "istiod CPU",
                        "Cores of the process and of the container. Near its limit pushes wait: "
                        "look "
                        "at convergence.",
                        "none",
                        Query(_spent("process_cpu_seconds_total"), "{{pod}} process"),
                        Query(
                            _discovery(
                                cpu,
                                "workload:container_cpu_usage_seconds:rate5m",
                                f"rate({{}}[{AUTO}])",
                            ),
                            "{{cluster}} container",
                        ),
                    ),
                    series(
                        "istiod memory allocations",
                        "Bytes allocated per second: work for the garbage collector, follows "
                        "pushes.",
                        "Bps",
                        Query(_spent("go_memstats_alloc_bytes_total"), "{{pod}}"),
                    ),
                ],
            ),
            Line(
                8,
                [
                    series(
                        "istiod objects allocated",
                        "Allocations per second.",
                        "ops",
                        Query(_spent("go_memstats_mallocs_total"), "{{pod}}"),
                    ),
                    series(
                        "istiod goroutines",
                        "Follow the number of connected proxies. A climb without more proxies is a "
                        "leak.",
                        "short",
                        Query(_process("go_goroutines"), "{{pod}}"),
                    ),
                    series(
                        "istiod open files",
                        "Connections and files. Near the limit (often 1,048,576) proxies cannot "
                        "connect.",
                        "short",
                        Query(_process("process_open_fds"), "{{pod}}"),
                    ),
                    series(
                        "istiod uptime",
                        "Falls to 0 at a restart. Often: look for OOM kills.",
                        "s",
                        Query(gauge("istiod_uptime_seconds", "min", _POD), "{{pod}}"),
                    ),
                ],
            ),
        ],
        folded=True,
    )
