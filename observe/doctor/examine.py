"""Ask a server for the facts: a few dozen cheap queries, each of which may be refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import requests

from observe.doctor.extent import Oldest, newest_seconds, oldest
from observe.doctor.facts import Coverage, Facts
from observe.doctor.tier_examine import examine_tiers
from observe.doctor.tier_facts import TierFacts
from observe.errors import SourceError
from observe.telemetry import catalogue, probes
from observe.telemetry.buckets import parse_bound
from observe.telemetry.client import PrometheusClient
from observe.telemetry.decode import QueryResult
from observe.telemetry.dialect import identify
from observe.telemetry.findings import kind_of
from observe.telemetry.moments import Moved, at_moments
from observe.telemetry.recorded import HEARTBEAT, RECORDED_REQUESTS, recorded_name

#: Metrics that say what there is: the mesh, containers, Kubernetes' objects, Envoy, istiod.
NAMES = (
    '{__name__=~".*istio_(request|response|tcp)_?.*|(workload:)?container_(cpu|memory|pods).*'
    "|kube_pod_(container|init_container|owner|labels).*|envoy_cluster_(upstream|outlier).*"
    "|(workload|controlplane):(envoy_cluster|kube_pod_container_resource|pilot_xds:).+"
    '|workload_manager_active_proxy_count|pilot_(xds|services)|edge:evaluations:heartbeat"}'
)
#: An empty list of queries, in protobuf and snappy: answered where remote read is offered.
_NO_QUERIES = b"\x00"
_READ_HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Read-Version": "0.1.0",
}
_WORKLOAD = "cluster, reporter, source_workload, source_workload_namespace"

Answer = TypeVar("Answer")


class Examination:
    """One server's facts.

    Args:
        client: whom to ask.
        end: end of the window.
        window: how far back to look.
        edges: edge tiers whose rates the server should have.
    """

    def __init__(
        self,
        client: PrometheusClient,
        end: datetime,
        window: timedelta,
        edges: Sequence[PrometheusClient] = (),
    ) -> None:
        self._client, self._edges = client, edges
        self._start, self._end = end - window, end
        self._metric = catalogue.REQUESTS
        self._kept_away: dict[str, str] = {}

    def facts(self) -> Facts:
        """Everything that can be found out.

        Raises:
            SourceError: the server answers no query at all.
        """
        client = self._client
        server = identify(client, client.probe())
        names = probes.metric_names(client, NAMES, self._start, self._end)
        general = Facts(
            url=client.settings.url,
            server=str(server),
            window_seconds=(self._end - self._start).total_seconds(),
            skew_seconds=self._try("the server's time", self._skew),
            remote_read=self._try("remote read", self._remote_read),
            names=names,
            cluster_stats=self._try("Envoy's statistics", self._cluster_stats),
            container_labels=self._labels_of(catalogue.WORKING_SET, names),
            tiers=self._try("the tiers", self._tiers)
            if self._edges or HEARTBEAT in names
            else None,
            kept_away=self._kept_away,
        )
        try:
            kind = kind_of(names, client.settings.url)
        except SourceError as error:
            return replace(general, refusal=(error.message, error.hint))
        self._metric = catalogue.REQUESTS if kind == "raw" else RECORDED_REQUESTS
        return self._mesh(replace(general, kind=kind))

    def _mesh(self, facts: Facts) -> Facts:
        client, metric = self._client, self._metric
        extent = self._try("the oldest sample", lambda: oldest(client, metric, self._end))
        fresh = self._try(
            "the newest sample", lambda: newest_seconds(client, metric, self._start, self._end)
        )
        window = self._start, self._end = self._with_samples(extent, fresh)
        buckets = catalogue.BUCKETS if facts.kind == "raw" else recorded_name(catalogue.BUCKETS)
        counted = self._try(
            "the number of series",
            lambda: probes.look(client, probes.series_query([metric]), *window),
        )
        interval = self._try("the scrape interval", lambda: self._interval(counted))
        labels = self._labels_of(metric, facts.names)
        known = None if labels is None else tuple(labels)
        copies = self._try("copies", lambda: probes.copy_labels(client, metric, known, *window))
        bounds = self._try("buckets", lambda: self._bounds(buckets))
        return replace(
            facts,
            reporters=probes.reporters_of(metric, counted) if counted else (),
            series=self._try("the number of series", lambda: self._series(buckets, counted)) or {},
            interval_seconds=interval,
            history_seconds=extent.found_seconds if extent else None,
            begin_seconds=extent.begin_seconds if extent else None,
            fresh_seconds=fresh,
            labels=labels,
            copies=copies or (),
            buckets=bounds,
            uneven_buckets=self._try("buckets", lambda: self._uneven(buckets, len(bounds or ()))),
            coverage=self._try("coverage", lambda: self._coverage(interval)),
        )

    def _try(self, what: str, ask: Callable[[], Answer]) -> Answer | None:
        try:
            return ask()
        except SourceError as error:
            self._kept_away[what] = error.message
            return None

    def _look(self, query: Moved) -> QueryResult:
        return probes.look(self._client, query, self._start, self._end)

    def _series(self, buckets: str, counted: QueryResult | None) -> dict[str, int]:
        """Series at one moment, of requests and of buckets."""
        if counted is None:
            return {}
        at = next(iter(probes.busiest(self._metric, counted)), self._end)
        many = at_moments(self._client, probes.series_query([buckets]), [at])
        return {**probes.largest_counts(counted), **probes.largest_counts(many)}

    def _interval(self, counted: QueryResult | None) -> float | None:
        if counted is None:
            return None
        return probes.sample_interval(self._client, self._metric, counted, self._end - self._start)

    def _tiers(self) -> TierFacts:
        return examine_tiers(self._client, self._end, self._edges)

    def _skew(self) -> float:
        before = time.time()
        answer = self._client.instant("time()")
        return float(answer.values[0]) - (before + time.time()) / 2

    def _remote_read(self) -> bool:
        url = f"{self._client.settings.url}/api/v1/read"
        try:
            answer = self._client.session.post(url, data=_NO_QUERIES, headers=_READ_HEADERS)
        except requests.RequestException:
            return False
        return bool(answer.status_code == 200)

    def _cluster_stats(self) -> frozenset[str]:
        chosen = '{__name__=~"envoy_cluster_.+", cluster_name!="xds-grpc"}'
        found = self._look(lambda at: f"group by (__name__) ({chosen}{at})")
        return frozenset(labels["__name__"] for labels in found.labels)

    def _labels_of(self, metric: str, names: frozenset[str]) -> frozenset[str] | None:
        """Labels of a metric; of one of its series where the index is kept away."""
        if metric not in names:
            return None
        found = probes.label_names(self._client, metric, self._start, self._end)
        if found is not None:
            return frozenset(found) - {"__name__"}
        self._kept_away["names of labels"] = "only one series was looked at"
        one = self._try(
            "names of labels",
            lambda: self._look(lambda at: f"topk(1, {metric}{at})"),
        )
        return None if one is None else frozenset(n for s in one.labels for n in s) - {"__name__"}

    def _bounds(self, metric: str) -> tuple[float, ...]:
        found = self._look(lambda at: f"group by (le) ({metric}{at})")
        bounds = {parse_bound(labels.get("le", "")) for labels in found.labels}
        return tuple(sorted(bound for bound in bounds if bound == bound))

    def _uneven(self, metric: str, bounds: int) -> int:
        by = f"count by ({_WORKLOAD}) (group by ({_WORKLOAD}, le) ({metric}))"
        answer = self._client.instant(f"count({by} < {bounds})", self._end)
        return int(answer.values[0]) if answer.values.size else 0

    def _with_samples(
        self, extent: Oldest | None, fresh: float | None
    ) -> tuple[datetime, datetime]:
        """The part of the window that has samples: the rest is no gap, and not looked at."""
        start, end = self._start, self._end - timedelta(seconds=max(fresh or 0.0, 0.0))
        if extent and extent.begin_seconds is not None:
            start = max(start, self._end - timedelta(seconds=extent.begin_seconds))
        return min(start, end), end

    def _coverage(self, interval: float | None) -> tuple[Coverage, ...]:
        """Samples of the best covered proxy of each workload, by namespace."""
        start, end = self._start, self._end
        span = float(int(min(3600.0, (end - start).total_seconds())))
        if interval is None or span < 2 * interval:
            return ()
        shares: dict[tuple[str, str], list[float]] = {}
        first = start + timedelta(seconds=span)  # whole hours only, where there is one
        for reporter, side in (("source|waypoint", "source"), ("destination", "destination")):
            keys = f"cluster, {side}_cluster, {side}_workload_namespace"
            chosen = f'{self._metric}{{reporter=~"{reporter}"}}[{span:.0f}s]'
            found = probes.look(self._client, _scrapes(chosen, keys, side), first, end)
            for number, labels in enumerate(found.labels):
                cluster = labels.get("cluster") or labels.get(f"{side}_cluster", "")
                namespace = labels.get(f"{side}_workload_namespace", "")
                share = found.values[found.series == number] * interval / span
                shares.setdefault((cluster, namespace), []).append(float(share.mean()))
        return tuple(
            Coverage(cluster, namespace, min(1.0, max(found)))
            for (cluster, namespace), found in sorted(shares.items())
        )


def _scrapes(chosen: str, keys: str, side: str) -> Moved:
    """Samples of a span, of the best covered proxy of each workload."""
    best = f"max by ({keys}, {side}_workload)"
    return lambda at: f"avg by ({keys}) ({best} (count_over_time({chosen}{at})))"
