"""Resources and right-sizing: usage against request, limit and our recommendation."""

from __future__ import annotations

from typing import Any

from observe.bootstrap.rules.make import series_name
from observe.grafana.dashboards.board import Board, Line, Section
from observe.grafana.dashboards.infra import WORKLOADS, container, happened, setting
from observe.grafana.dashboards.links import drill, to
from observe.grafana.dashboards.mesh_cost import extensions, proxies
from observe.grafana.dashboards.panels import GREEN, ORANGE, RED, YELLOW, Query, series, stat
from observe.grafana.dashboards.resources_detail import (
    CPU,
    MEMORY,
    MEMORY_USED,
    NAMES,
    memory_of_largest,
    over_time,
    throttled,
)
from observe.grafana.dashboards.tables import Label, Value, table
from observe.grafana.dashboards.variables import (
    cluster,
    container_namespace,
    container_workload,
)

ROW = (
    Label("namespace", "Namespace"),
    Label(
        "workload",
        "Workload",
        drill("observe-workload", namespace="Namespace", workload="Workload"),
    ),
    Label("container", "Container"),
)
_KEY = "on (cluster, namespace, workload, container)"
_NO_SETTING = "Empty: kube-state-metrics is not scraped, or nothing is set."
_NO_ADVICE = (
    "No series: no report has advised resources, or its recommendations.prom does not reach "
    "Prometheus (docs/dashboards.md)."
)
USED = ((None, YELLOW), (0.3, GREEN), (0.9, ORANGE), (1, RED))


def cpu_of_busiest() -> str:
    """Cores of the busiest pod, which is what a request is compared with."""
    return container(CPU, "max", rate=True, recorded=series_name("workload", CPU, "max"))


def advised(resource: str, what: str = "requests") -> str:
    """Our recommendation, as `observe report` writes it for Prometheus."""
    chosen = f'{WORKLOADS}, resource="{resource}", setting="{what}"'
    return f"max by (cluster, namespace, workload, container) (observe_recommendation{{{chosen}}})"


def _against(used: str, limit: str) -> str:
    return f"({used}) / {_KEY} (({limit}) > 0)"


def _now() -> Line:
    def stands(title: str, about: str, expr: str, unit: str, steps: Any, none: str = "0") -> Any:
        return stat(title, about, unit, Query(expr), steps=steps, none=none, spark=False)

    some = ((None, GREEN), (1, RED))
    return Line(
        4,
        [
            stands(
                "CPU used of requested",
                "Over all containers that have a request. Below a third "
                f"the cluster is paid for and idle. {_NO_SETTING}",
                f"sum({_paired('cpu')}) / sum({_asked('cpu')})",
                "percentunit",
                USED,
                "off",
            ),
            stands(
                "Memory used of requested",
                f"Largest pod against its request, over all containers. {_NO_SETTING}",
                f"sum({_paired('memory')}) / sum({_asked('memory')})",
                "percentunit",
                USED,
                "off",
            ),
            stands(
                "Containers near memory limit",
                "Above 90 % of the limit: the next peak is an OOM kill. Good: 0.",
                f"count({_against(memory_of_largest(), setting('limits', 'memory'))} > 0.9)",
                "short",
                some,
            ),
            stands(
                "Containers throttled",
                "Held back in more than a quarter of periods. Good: 0. "
                "Raise or drop the CPU limit.",
                f"count(({throttled()}) > 0.25)",
                "short",
                some,
            ),
            stands(
                "OOM kills, last 5 min",
                "Processes killed for lack of memory. Good: 0. The row below says which container.",
                f"sum({happened('container_oom_events_total')})",
                "short",
                some,
            ),
            stands(
                "Restarts, last 5 min",
                "Containers restarted. Good: 0 outside of rollouts; the row below says which.",
                f"sum({happened('kube_pod_container_status_restarts_total')})",
                "short",
                some,
            ),
        ],
    )


def _use(resource: str) -> str:
    return cpu_of_busiest() if resource == "cpu" else memory_of_largest()


def _paired(resource: str) -> str:
    return f"({_use(resource)}) and {_KEY} ({setting('requests', resource)})"


def _asked(resource: str) -> str:
    return f"({setting('requests', resource)}) and {_KEY} ({_use(resource)})"


def _tables() -> list[Line]:
    def one(title: str, resource: str, unit: str) -> Line:
        used = _use(resource)
        values = [
            Value("Used", used, unit),
            Value("Request", setting("requests", resource), unit),
            Value(
                "Of request", _against(used, setting("requests", resource)), "percentunit", USED, 0
            ),
            Value("Limit", setting("limits", resource), unit),
            Value(
                "Of limit",
                _against(used, setting("limits", resource)),
                "percentunit",
                ((None, GREEN), (0.8, YELLOW), (0.9, RED)),
                0,
            ),
        ]
        return Line(
            9,
            [
                table(
                    title,
                    f"The busiest pod of each container against what it asked for. Far below "
                    f"30 % of the request: too much; above 90 %: too little. {_NO_SETTING}",
                    ROW,
                    values,
                    sort="Of request",
                ),
            ],
        )

    return [one("CPU by container", "cpu", "none"), one("Memory by container", "memory", "bytes")]


def _advice() -> Section:
    panels = []
    for title, resource, unit in (("CPU", "cpu", "none"), ("Memory", "memory", "bytes")):
        panels.append(
            series(
                f"{title}: usage, request and recommendation",
                "The busiest pod, what is set, and what we recommend. Recommendation below the "
                f"request: give it back; above: it starves at peak. {_NO_ADVICE}",
                unit,
                Query(_use(resource), f"{NAMES} used"),
                Query(setting("requests", resource), f"{NAMES} request"),
                Query(setting("limits", resource), f"{NAMES} limit"),
                Query(advised(resource), f"{NAMES} recommended"),
            )
        )
    return Section("Usage against request, limit and recommendation", [Line(10, panels)])


def resources() -> Board:
    """What containers use, ask for and should ask for."""
    names = f"{MEMORY_USED}|{MEMORY}"
    return Board(
        "observe-resources",
        "Observe / Resources",
        "Usage against requests and limits, and our recommendation beside them.",
        [cluster(names), container_namespace(names), container_workload(MEMORY_USED, MEMORY)],
        [Section("", [_now(), *_tables()]), _advice(), over_time(), proxies(), extensions()],
        [to("observe-control-plane", "Control plane", "istiod's own resources")],
        since="now-24h",
        refresh="5m",
    )
