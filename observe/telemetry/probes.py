"""The cheap queries of a survey: which metrics, how many series, how often scraped, what copies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from observe.errors import SourceError
from observe.telemetry.cadence import scrape_interval, spacing
from observe.telemetry.client import PrometheusClient
from observe.telemetry.decode import QueryResult
from observe.telemetry.host_entries import PROXY_LABELS
from observe.telemetry.matchers import equals, selector
from observe.telemetry.moments import Moved, at_moments, moment_of, spread

#: Labels by which pairs of Prometheus servers mark who recorded a series.
REPLICA_LABELS = ("prometheus_replica", "__replica__", "replica")
#: The window is looked at in this many places ...
_LOOKS = 4
#: ... and in so many when nothing is there: they may all have been in gaps.
_MANY_LOOKS = 24
#: The distance of samples is looked for in this many places, those with the most series.
_PLACES = 2
_SPAN = timedelta(hours=1)


def metric_names(
    client: PrometheusClient, chosen: str, start: datetime, end: datetime
) -> frozenset[str]:
    """Metrics that a selector chooses; asked of the index, or in PromQL where that is hidden."""
    try:
        return frozenset(client.label_values("__name__", [chosen], start, end))
    except SourceError:
        found = look(client, lambda at: f"group by (__name__) ({chosen}{at})", start, end)
        return frozenset(labels["__name__"] for labels in found.labels)


def look(client: PrometheusClient, query: Moved, start: datetime, end: datetime) -> QueryResult:
    """Evaluate at moments spread over the window, the last one at its end.

    Each series costs the server something at each moment, so that there are few moments, and more
    of them only while nothing was found.
    """
    found = at_moments(client, query, spread(start, end, _LOOKS))
    if found.values.size:
        return found
    return at_moments(client, query, spread(start, end, _MANY_LOOKS))


def series_query(metrics: Iterable[str]) -> Moved:
    """Counts the series of some metrics, by reporter."""
    chosen = f'{{__name__=~"{"|".join(metrics)}"}}'
    return lambda at: f"count by (__name__, reporter) ({chosen}{at})"


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


def busiest(metric: str, counted: QueryResult) -> list[datetime]:
    """Moments with samples of a metric, those with the most series first.

    Args:
        metric: its name.
        counted: how many series there are, from :func:`series_query`.
    """
    frame = counted.frame()
    if frame.empty:
        return []
    totals = frame[frame["__name__"] == metric].groupby("time")["value"].sum()
    latest_first = totals.iloc[::-1].sort_values(ascending=False, kind="stable")
    return [moment.to_pydatetime() for moment in latest_first.index]


def sample_interval(
    client: PrometheusClient, metric: str, counted: QueryResult, span: timedelta
) -> float | None:
    """Distance of a metric's samples in seconds, None when it cannot be found.

    The series with the most samples is looked at, where most series are. Its number of samples
    takes a span with gaps for a longer interval; the distances of its samples do not.

    Args:
        client: whom to ask.
        metric: whose samples.
        counted: how many series there are, from :func:`series_query`.
        span: length of the window.
    """
    places = busiest(metric, counted)[:_PLACES]
    if not places:
        return None
    seconds = int(min(_SPAN, span).total_seconds())
    most = at_moments(
        client, lambda at: f"topk(1, count_over_time({metric}[{seconds}s]{at}))", places
    )
    if not most.values.size:
        return None
    best = int(most.values.argmax())
    labels = most.labels[int(most.series[best])]
    matchers = [equals(k, v) for k, v in labels.items() if k != "__name__"]
    one = f"{selector(metric, matchers)}[{seconds}s]"
    try:
        samples = client.instant(one, moment_of(int(most.times_ms[best])))
        found = spacing(samples.times_ms[samples.series == 0])
    except SourceError:
        found = None  # the count tells too, less exactly
    return found or scrape_interval([float(most.values[best])], seconds)


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
        ratio = look(client, _distinct(metric, label), start, end)
        if ratio.values.size and float(ratio.values.min()) < 1:
            copies.append(label)
    return tuple(copies)


def proxy_label(
    client: PrometheusClient,
    metric: str,
    labels: tuple[str, ...] | None,
    moment: datetime,
) -> str | None:
    """The label that tells proxies apart; None for sums over proxies.

    Where several could, the one with most values: whatever collects for others may put its own
    address on all series.

    Args:
        client: whom to ask.
        metric: a metric of the proxies.
        labels: names of its labels, None when they are not known.
        moment: when to look, best where there are many series.
    """
    candidates = [label for label in PROXY_LABELS if labels is None or label in labels]
    if len(candidates) < 2:
        return next(iter(candidates), None)
    query = " or ".join(
        f'label_replace(count(count by ({label}) ({metric}{{{label}!=""}})), '
        f'"of", "{label}", "", "")'
        for label in candidates
    )
    try:
        found = client.instant(query, moment)
    except SourceError:
        return candidates[0]
    counts = zip(found.labels, found.values.tolist(), strict=True)
    values = {labels.get("of", ""): count for labels, count in counts}
    return max(candidates, key=lambda label: values.get(label, 0.0))  # the first among equals


def _distinct(metric: str, label: str) -> Moved:
    """The share of a metric's series that remains when a label is not looked at."""
    return lambda at: f"count(count without ({label}) ({metric}{at})) / count({metric}{at})"
