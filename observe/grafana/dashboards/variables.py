"""Template variables: the same names on every dashboard, so that links carry them along.

All are matched with `=~`, and offer several values and "All": Grafana escapes values that mean
something in a regular expression (`*.example.com`) only for such variables. "All" is `.*`, which
also fits series without the label: an edge tier has no label `cluster` of its own.
"""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as model

from observe.bootstrap.rules.make import with_workload
from observe.grafana.dashboards.panels import DATASOURCE
from observe.telemetry.catalogue import REQUESTS
from observe.telemetry.recorded import RECORDED_REQUESTS, recorded_name

OPENED = "istio_tcp_connections_opened_total"
#: Series that every mesh has in one of the two forms.
ANY = "|".join((REQUESTS, RECORDED_REQUESTS, OPENED, recorded_name(OPENED)))

CLUSTER = 'cluster=~"$cluster"'


def datasource() -> Any:
    """Which Prometheus: an edge tier, or the external one with all clusters."""
    variable = dashboard.DatasourceVariable("datasource").label("Data Source").type("prometheus")
    return variable.description("An edge tier, or the external one that keeps all clusters")


def _asked(name: str, label: str, query: str, about: str, *, multi: bool = True) -> Any:
    every = model.VariableOption(selected=True, text="All", value="$__all")
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .description(about)
        .datasource(DATASOURCE)
        .query(query)
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(multi)
        .include_all(True)
        .all_value(".*")
        .current(every)
    )


def values(matchers: str, label: str, names: str = ANY) -> str:
    """A query for the values of a label, over the names that either tier uses."""
    inside = ", ".join(part for part in (f'__name__=~"{names}"', matchers) if part)
    return f"label_values({{{inside}}}, {label})"


def cluster(names: str = ANY) -> Any:
    """The cluster whose Prometheus scraped it."""
    about = "Cluster whose proxies report; All also fits a Prometheus without the label"
    return _asked("cluster", "Cluster", values("", "cluster", names), about)


def namespace(label: str = "destination_service_namespace", about: str = "") -> Any:
    """Namespaces that are called."""
    query = values(f'{CLUSTER}, {label}!="unknown"', label)
    return _asked("namespace", "Namespace", query, about or "Namespace of the called service")


def service() -> Any:
    """Hosts that are called."""
    scope = f'{CLUSTER}, destination_service_namespace=~"$namespace"'
    return _asked("service", "Service", values(scope, "destination_service"), "Host that is called")


def source() -> Any:
    """Workloads that call."""
    scope = f'{CLUSTER}, destination_service=~"$service", source_workload!="unknown"'
    return _asked("source", "Caller", values(scope, "source_workload"), "Workload that calls")


def workload() -> Any:
    """Workloads at either end: a gateway only calls, a database is only called."""
    sides = [
        f'label_replace({{__name__=~"{ANY}", {CLUSTER}, {side}_workload_namespace=~"$namespace"}}, '
        f'"workload", "$1", "{side}_workload", "(.+)")'
        for side in ("destination", "source")
    ]
    # Both sides lose the name, or two metrics of one label set would collide.
    query = " or ".join(f"count by (workload) ({side})" for side in sides)
    variable = _asked(
        "workload", "Workload", f"query_result({query})", "Deployment, StatefulSet or gateway"
    )
    return variable.regex('/workload="([^"]*)"/')


def container_namespace(names: str) -> Any:
    """Namespaces of containers."""
    query = values(CLUSTER, "namespace", names)
    return _asked("namespace", "Namespace", query, "Namespace of the workload")


def container_workload(recorded: str, raw: str) -> Any:
    """Workloads of containers; in the raw form read from the names of pods."""
    scope = f'{CLUSTER}, namespace=~"$namespace"'
    named = with_workload(f'{raw}{{{scope}, container!=""}}')
    query = f"count by (workload) ({recorded}{{{scope}}}) or count by (workload) ({named})"
    about = "Deployment, StatefulSet or gateway"
    variable = _asked("workload", "Workload", f"query_result({query})", about)
    return variable.regex('/workload="([^"]*)"/')


def choice(name: str, label: str, options: tuple[str, ...], chosen: str, about: str) -> Any:
    """One of a few fixed values."""
    current = model.VariableOption(selected=True, text=chosen, value=chosen)
    listed = [model.VariableOption(selected=o == chosen, text=o, value=o) for o in options]
    return (
        dashboard.CustomVariable(name)
        .label(label)
        .description(about)
        .values(",".join(options))
        .options(listed)
        .current(current)
    )
