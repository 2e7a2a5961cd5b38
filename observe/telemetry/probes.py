"""The cheap queries of a survey: which metrics, how many series, how often scraped, what copies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from observe.errors import SourceError
from observe.telemetry.cadence import scrape_interval, spacing
from observe.telemetry.client import PrometheusClient
from observe.telemetry.decode import QueryResult
from observe.telemetry.faults import CutAnswerError
from observe.telemetry.matchers import equals, selector

#: Labels by which pairs of Prometheus servers mark who recorded a series.
REPLICA_LABELS = ("prometheus_replica", "__replica__", "replica")
#: The window is looked at in this many places: any of them may lie in a gap.
_LOOKS = 12
_SPAN = timedelta(hours=1)


def metric_names(
    client: PrometheusClient, chosen: str, start: datetime, end: datetime
) -> frozenset[str]:
    """Metrics that a selector chooses; asked of the index, or in PromQL where that is hidden."""
    try:
        return frozenset(client.label_values("__name__", [chosen], start, end))
    except SourceError:
        found = look(client, f"group by (__name__) ({chosen})", start, end)
        return frozenset(labels["__name__"] for labels in found.labels)


def look(client: PrometheusClient, query: str, start: datetime, end: datetime) -> QueryResult:
    """Evaluate at moments spread over the window, the last one at its end."""
    step = max(1, int((end - start).total_seconds()) // _LOOKS)
    first = max(start, end - timedelta(seconds=step * (_LOOKS - 1)))
    try:
        return client.range(query, first, end, step)
    except CutAnswerError:  # so few points do not become fewer: it was an accident
        return client.range(query, first, end, step)


def series_query(metrics: Iterable[str]) -> str:
    """Counts the series of some metrics, by reporter."""
    return f'count by (__name__, reporter) ({{__name__=~"{"|".join(metrics)}"}})'


def largest_counts(counted: QueryResult) -> Mapping[str, int]:
    """Largest number of series at one moment by metric, from answers to :func:`series_query`."""
    frame = counted.frame()
    if frame.empty:
        return {}
    moments = frame.groupby(["__name__", "time"])["value"].sum()
    return {str(name): int(count) for name, count in moments.groupby(level=0).max().items()}


def reporters_of(metric: str, counted: QueryResult) -> tuple[str, ...]:
    """Reporters of a metric's series, sorted, from answers to :func:`series_query`."""
    found = {s.get("reporter", "") for s in counted.labels if s.get("__name__") == metric}
    return tuple(sorted(found - {""}))


def sample_interval(
    client: PrometheusClient, metric: str, start: datetime, end: datetime
) -> float | None:
    """Distance of a metric's samples in seconds, None when it cannot be found."""
    span = min(_SPAN, end - start)
    seconds = int(span.total_seconds())
    counted = look(client, f"quantile(0.9, count_over_time({metric}[{seconds}s]))", start, end)
    found = _spacing_where_most(client, metric, counted, seconds)
    return found or scrape_interval(counted.values.tolist(), seconds)


def _spacing_where_most(
    client: PrometheusClient, metric: str, counted: QueryResult, seconds: int
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
        series = client.instant(f"topk(1, count_over_time({metric}{span}))", at)
        if not series.labels:
            return None
        matchers = [equals(k, v) for k, v in series.labels[0].items() if k != "__name__"]
        samples = client.instant(selector(metric, matchers) + span, at)
    except SourceError:
        return None  # the counts tell too, less exactly
    return spacing(samples.times_ms[samples.series == 0])


def label_names(
    client: PrometheusClient, metric: str, start: datetime, end: datetime
) -> tuple[str, ...] | None:
    """Names of a metric's labels; None when the index is kept away."""
    try:
        return client.label_names([metric], start, end)
    except SourceError:
        return None


def copy_labels(
    client: PrometheusClient,
    metric: str,
    labels: tuple[str, ...] | None,
    start: datetime,
    end: datetime,
) -> tuple[str, ...]:
    """Labels without which several of a metric's series become one: the same, recorded twice.

    Args:
        client: whom to ask.
        metric: whose series.
        labels: names of its labels, None when they are not known.
        start: start of the window.
        end: its end.
    """
    names = REPLICA_LABELS if labels is None else labels
    copies = []
    for label in (label for label in REPLICA_LABELS if label in names):
        merged = f"count(count without ({label}) ({metric}))"
        ratio = look(client, f"{merged} / count({metric})", start, end)
        if ratio.values.size and float(ratio.values.min()) < 1:
            copies.append(label)
    return tuple(copies)
