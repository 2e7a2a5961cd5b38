"""What telemetry a Prometheus holds for a window: metrics, reporters, scrape interval, copies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from observe.errors import SourceError
from observe.telemetry import catalogue
from observe.telemetry.cadence import scrape_interval, spacing
from observe.telemetry.client import PrometheusClient
from observe.telemetry.decode import QueryResult
from observe.telemetry.matchers import equals, selector

#: Labels by which pairs of Prometheus servers mark who recorded a series.
REPLICA_LABELS = ("prometheus_replica", "__replica__", "replica")
DEFAULT_SCRAPE_SECONDS = 60.0

#: Selects whatever may tell what telemetry there is.
NAMES = '{__name__=~".*istio_(request|response|tcp)_?.*|container_(cpu|memory)_.*"}'
_SECONDS = "istio_request_duration_seconds"
_MILLISECONDS = "istio_request_duration_milliseconds"
#: The window is looked at in this many places: any of them may lie in a gap.
_LOOKS = 12
_SPAN = timedelta(hours=1)


@dataclass(frozen=True)
class Flavour:
    """What there is to read.

    Attributes:
        names: metrics that exist.
        reporters: reporters that were seen, sorted.
        scrape_seconds: scrape interval of the proxies.
        series: metric → largest number of series seen at one moment.
        replica_labels: labels that tell copies of the same series apart.
        warnings: what the user should know.
    """

    names: frozenset[str]
    reporters: tuple[str, ...]
    scrape_seconds: float
    series: dict[str, int]
    replica_labels: tuple[str, ...]
    warnings: tuple[str, ...]


def survey(client: PrometheusClient, start: datetime, end: datetime) -> Flavour:
    """Find out what the server holds for a window, in a handful of cheap queries.

    Raises:
        SourceError: nothing that can be worked with.
    """
    names = _names(client, start, end)
    check_names(names, client.settings.url)
    counted = _look(client, _count_query(names), start, end)
    series, reporters = _series(counted)
    scrape, warnings = _scrape_interval(client, start, end)
    warnings += _reporter_warnings(reporters)
    if catalogue.BUCKETS not in names:
        warnings.append(f"{catalogue.BUCKETS} does not exist: there are no latencies to learn from")
    replicas = _replica_labels(client, start, end)
    if replicas:
        warnings.append(
            f"series exist more than once, told apart by {', '.join(replicas)}: the copies were "
            "averaged; a deduplicating address (Thanos Query, Mimir) would be better"
        )
    warnings += counted.warnings
    return Flavour(names, reporters, scrape, series, replicas, tuple(warnings))


def check_names(names: frozenset[str], url: str) -> None:
    """Refuse telemetry that cannot be read, saying why.

    Args:
        names: metrics that exist.
        url: where they were looked for.

    Raises:
        SourceError: no Istio metrics, or only those of another era or kind.
    """
    seconds = any(name.startswith(_SECONDS) for name in names)
    if seconds and not any(name.startswith(_MILLISECONDS) for name in names):
        raise SourceError(
            f"{url} holds Istio telemetry in seconds ({_SECONDS}_*), as Mixer wrote it before "
            "Istio 1.5",
            "It is not supported; upgrade Istio, or ask for a window after the upgrade",
        )
    if catalogue.REQUESTS in names:
        return
    if any(name.startswith("istio_tcp_") for name in names):
        raise SourceError(
            f"{url} holds only TCP metrics of Istio, no {catalogue.REQUESTS}",
            "Ambient mode needs a waypoint for HTTP; otherwise name the ports http or grpc",
        )
    recorded = sorted(name for name in names if ":" in name and "istio_request" in name)
    if recorded:
        raise SourceError(
            f"{url} holds only recorded Istio series such as {recorded[0]}",
            "Give the address of the Prometheus that scrapes the proxies",
        )
    raise SourceError(
        f"{url} holds no Istio metrics ({catalogue.REQUESTS}) for this window",
        "Is it the Prometheus that scrapes the proxies, are they scraped (port 15020, path "
        "/stats/prometheus), and did requests flow?",
    )


def _names(client: PrometheusClient, start: datetime, end: datetime) -> frozenset[str]:
    """Metrics that exist; asked of the index, and in PromQL where a proxy keeps that away."""
    try:
        return frozenset(client.label_values("__name__", [NAMES], start, end))
    except SourceError:
        found = _look(client, f"group by (__name__) ({NAMES})", start, end)
        return frozenset(labels["__name__"] for labels in found.labels)


def _look(client: PrometheusClient, query: str, start: datetime, end: datetime) -> QueryResult:
    """Evaluate at moments spread over the window, the last one at its end."""
    step = max(1, int((end - start).total_seconds()) // _LOOKS)
    last = end - timedelta(seconds=step * (_LOOKS - 1))
    return client.range(query, max(start, last), end, step)


def _count_query(names: frozenset[str]) -> str:
    wanted = (catalogue.REQUESTS, catalogue.BUCKETS, catalogue.WORKING_SET)
    there = "|".join(name for name in wanted if name in names)
    return f'count by (__name__, reporter) ({{__name__=~"{there}"}})'


def _series(counted: QueryResult) -> tuple[dict[str, int], tuple[str, ...]]:
    """Largest number of series by metric, and the reporters of requests."""
    frame = counted.frame()
    if frame.empty:
        return {}, ()
    frame = frame.assign(reporter=frame.get("reporter", ""))
    moments = frame.groupby(["__name__", "time"])["value"].sum()
    most = moments.groupby(level=0).max()
    requests = frame[frame["__name__"] == catalogue.REQUESTS]
    reporters = tuple(sorted(set(requests["reporter"]) - {""}))
    return {str(name): int(count) for name, count in most.items()}, reporters


def _scrape_interval(
    client: PrometheusClient, start: datetime, end: datetime
) -> tuple[float, list[str]]:
    span = min(_SPAN, end - start)
    seconds = int(span.total_seconds())
    query = f"quantile(0.9, count_over_time({catalogue.REQUESTS}[{seconds}s]))"
    counted = _look(client, query, start, end)
    found = _spacing_where_most(client, counted, seconds) or scrape_interval(
        counted.values.tolist(), seconds
    )
    if found is not None:
        return found, []
    return DEFAULT_SCRAPE_SECONDS, [
        f"the scrape interval could not be found; {DEFAULT_SCRAPE_SECONDS:g} s is assumed"
    ]


def _spacing_where_most(
    client: PrometheusClient, counted: QueryResult, seconds: int
) -> float | None:
    """Distance of the samples of the best covered series, where most samples were seen.

    Counts alone take a span with gaps for a longer interval; one series' samples do not.
    """
    if not counted.values.size:
        return None
    best = int(counted.times_ms[int(counted.values.argmax())])
    at = datetime.fromtimestamp(best / 1000, UTC)
    span = f"[{seconds}s]"
    try:
        series = client.instant(f"topk(1, count_over_time({catalogue.REQUESTS}{span}))", at)
        if not series.labels:
            return None
        matchers = [equals(k, v) for k, v in series.labels[0].items() if k != "__name__"]
        samples = client.instant(selector(catalogue.REQUESTS, matchers) + span, at)
    except SourceError:
        return None  # the counts tell too, less exactly
    return spacing(samples.times_ms[samples.series == 0])


def _reporter_warnings(reporters: tuple[str, ...]) -> list[str]:
    if not reporters or {"source", "waypoint"} & set(reporters):
        return []
    return [
        "only the servers' proxies report (reporter=destination): latencies as clients see them "
        "are missing; scrape the clients' sidecars and gateways too"
    ]


def _replica_labels(client: PrometheusClient, start: datetime, end: datetime) -> tuple[str, ...]:
    """Labels without which several series become one."""
    try:
        names: tuple[str, ...] = client.label_names([catalogue.REQUESTS], start, end)
    except SourceError:
        names = REPLICA_LABELS  # the index is kept away: the queries below tell as well
    copies = []
    for label in (label for label in REPLICA_LABELS if label in names):
        merged = f"count(count without ({label}) ({catalogue.REQUESTS}))"
        ratio = _look(client, f"{merged} / count({catalogue.REQUESTS})", start, end)
        if ratio.values.size and float(ratio.values.min()) < 1:
            copies.append(label)
    return tuple(copies)
