"""What telemetry a Prometheus holds for a window, and so what is to be asked of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from observe.telemetry import catalogue, probes
from observe.telemetry.autoscaler_entries import autoscaler_entries
from observe.telemetry.catalogue import CONTAINER_LABELS, ENTRIES, Entry, container_entries
from observe.telemetry.client import PrometheusClient, ServerInfo
from observe.telemetry.decode import QueryResult
from observe.telemetry.dialect import VICTORIA_METRICS
from observe.telemetry.envoy_entries import envoy_entries
from observe.telemetry.findings import (
    DEFAULT_SCRAPE_SECONDS,
    Kind,
    interval_warnings,
    kind_of,
    reporter_warnings,
    series_warnings,
)
from observe.telemetry.host_entries import host_entries
from observe.telemetry.istiod_entries import istiod_entries, recorded_istiod
from observe.telemetry.moments import Moved
from observe.telemetry.recorded import RECORDED_REQUESTS, recorded_entries
from observe.telemetry.recorded_envoy import recorded_envoy
from observe.telemetry.recorded_resources import recorded_resources
from observe.telemetry.resource_entries import resource_entries, usage_entries
from observe.telemetry.templates import OLD_LABELS

#: Selects whatever may tell what telemetry there is.
NAMES = (
    '{__name__=~".*istio_(request|response|tcp)_?.*|(workload:)?container_(cpu|memory|pods).*'
    "|envoy_cluster_upstream_(rq_retry(_success|_overflow)?|rq_(pending|active)_overflow|cx_overflow)"
    "|envoy_cluster_(upstream_(rq|rq_pending|cx)_active|outlier_detection_ejections_enforced_total)"
    "|workload:envoy_cluster_(upstream|outlier).*"
    "|(workload:)?kube_pod_(init_)?container_(resource_(requests|limits)|status_(restarts|oom|last)).*"
    "|workload:container_oom.*|container_oom_events_total"
    "|(workload:)?kube_horizontalpodautoscaler_(info|spec_(min|max)_replicas|spec_target_metric).*"
    "|(workload:)?kube_horizontalpodautoscaler_status_current_replicas.*"
    "|(controlplane:)?pilot_(xds|xds_pushes|push_triggers|total_xds_.*|services|virt_services)(:.*)?"
    "|(controlplane:)?pilot_(xds_write_timeout|proxy_.*_time_bucket|xds_config_size_.*bucket)(:.*)?"
    "|(controlplane:)?sidecar_injection_failure.*"
    '|workload_manager_active_proxy_count|edge:evaluations:heartbeat"}'
)


@dataclass(frozen=True)
class Flavour:
    """What there is to read.

    Attributes:
        names: metrics that exist.
        reporters: reporters that were seen, sorted.
        scrape_seconds: scrape interval of the proxies, or distance of recorded samples.
        series: largest number of series of requests seen at one moment.
        replica_labels: labels that tell copies of the same series apart.
        warnings: what the user should know.
        kind: "raw" counters of the proxies, or "recorded" rates of a federated tier.
        entries: what is asked of this server, whatever of it exists.
        busiest: the moment with the most series of requests; None when it is not known.
        settled: whether nothing was kept away, so that asking again would find the same.
    """

    names: frozenset[str]
    reporters: tuple[str, ...]
    scrape_seconds: float
    series: int
    replica_labels: tuple[str, ...]
    warnings: tuple[str, ...]
    kind: Kind = "raw"
    entries: tuple[Entry, ...] = ENTRIES
    busiest: datetime | None = None
    settled: bool = True

    @property
    def readable(self) -> tuple[Entry, ...]:
        """The entries whose metrics all exist."""
        return tuple(e for e in self.entries if all(m in self.names for m in e.metrics))


def survey(
    client: PrometheusClient,
    start: datetime,
    end: datetime,
    server: ServerInfo | None = None,
    names: frozenset[str] | None = None,
) -> Flavour:
    """Find out what the server holds for a window, in a handful of cheap queries.

    Args:
        client: whom to ask.
        start: start of the window.
        end: its end.
        server: who answers, as :func:`observe.telemetry.dialect.identify` found out.
        names: metrics that :data:`NAMES` selects, where they are known already.

    Raises:
        SourceError: nothing that can be worked with.
    """
    names = probes.metric_names(client, NAMES, start, end) if names is None else names
    kind = kind_of(names, client.settings.url)
    warnings: list[str] = []
    if kind == "raw" and RECORDED_REQUESTS in names:
        kind, warnings = _raw_or_recorded(client, start, end)
    metric = catalogue.REQUESTS if kind == "raw" else RECORDED_REQUESTS
    counted = probes.look(client, probes.series_query([metric]), start, end)
    reporters = probes.reporters_of(metric, counted)
    interval = probes.sample_interval(client, metric, counted, end - start)
    labels = probes.label_names(client, metric, start, end)
    copies = probes.copy_labels(client, metric, labels, start, end)
    warnings += interval_warnings(interval, kind) + reporter_warnings(reporters, names)
    warnings += series_warnings(names, kind, labels, copies)
    held = _container_labels(client, names, start, end)
    seconds = interval or DEFAULT_SCRAPE_SECONDS
    busiest = next(iter(probes.busiest(metric, counted)), end)
    proxy = probes.proxy_label(client, metric, labels, busiest) if kind == "raw" else None
    entries = _entries(kind, seconds, held or (), server)
    entries = (*entries, *_of_proxies(kind, names, seconds, proxy, server))
    series = max(probes.largest_counts(counted).values(), default=0)
    return Flavour(
        names,
        reporters,
        seconds,
        series,
        copies,
        (*warnings, *counted.warnings),
        kind,
        entries,
        busiest,
        None not in (interval, labels, held) and not counted.warnings,
    )


def _container_labels(
    client: PrometheusClient, names: frozenset[str], start: datetime, end: datetime
) -> tuple[str, ...] | None:
    """Names of the labels of cAdvisor's series; None when the index is kept away."""
    if catalogue.WORKING_SET not in names:
        return ()
    return probes.label_names(client, catalogue.WORKING_SET, start, end)


def _raw_or_recorded(
    client: PrometheusClient, start: datetime, end: datetime
) -> tuple[Kind, list[str]]:
    """Which of both to read: counters, unless some cluster has recorded rates only."""
    raw, recorded = (
        _clusters(probes.look(client, _by_cluster(metric), start, end))
        for metric in (catalogue.REQUESTS, RECORDED_REQUESTS)
    )
    if recorded <= raw:
        return "raw", []
    if raw <= recorded:
        return "recorded", []
    left_out = ", ".join(sorted(recorded - raw))
    return "raw", [
        f"the clusters {left_out} have recorded rates only, and others counters only: the counters "
        "were read; ask the Prometheus of each cluster (--prometheus may be repeated)"
    ]


def _by_cluster(metric: str) -> Moved:
    return lambda at: f"group by (cluster) ({metric}{at})"


def _clusters(found: QueryResult) -> set[str]:
    return {labels.get("cluster", "") for labels in found.labels}


def _entries(
    kind: Kind, interval: float, container_labels: tuple[str, ...], server: ServerInfo | None
) -> tuple[Entry, ...]:
    """The catalogue as this server needs it."""
    if kind == "recorded":
        return recorded_entries(interval)
    mesh: tuple[Entry, ...] = catalogue.MESH_ENTRIES
    if _counts_first_values(server):
        mesh = tuple(
            replace(e, template=catalogue.COUNTED_REQUESTS) if e.name == "requests" else e
            for e in mesh
        )
    old = OLD_LABELS.container in container_labels and CONTAINER_LABELS[-1] not in container_labels
    containers = OLD_LABELS if old else None
    return (*mesh, *container_entries(containers), *usage_entries(containers))


def _of_proxies(
    kind: Kind,
    names: frozenset[str],
    interval: float,
    proxy_label: str | None,
    server: ServerInfo | None,
) -> tuple[Entry, ...]:
    """What is asked of single proxies, of Envoy's own statistics, and of what sizes need.

    Args:
        kind: what is read.
        names: metrics that exist.
        interval: distance of recorded samples in seconds.
        proxy_label: label that tells proxies apart; None for sums over proxies.
        server: who answers.
    """
    if kind == "recorded":
        return (
            *recorded_envoy(names, interval),
            *recorded_resources(names, interval),
            *autoscaler_entries(names, recorded=True),
            *recorded_istiod(names, interval),
        )
    add_first = not _counts_first_values(server)
    hosts = host_entries(proxy_label, add_first=add_first) if proxy_label else ()
    sizes = (
        *(*resource_entries(names), *autoscaler_entries(names)),
        *istiod_entries(names, add_first=add_first),
    )
    return (*hosts, *envoy_entries(names), *sizes)


def _counts_first_values(server: ServerInfo | None) -> bool:
    """Whether `increase` of the server sees the first value of a new counter."""
    return server is not None and server.name == VICTORIA_METRICS
