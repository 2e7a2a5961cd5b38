"""Ask an external tier, and the edge tiers behind it, whether all that was recorded arrives."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
import requests
from numpy.typing import NDArray

from observe.bootstrap.config.federation import levels
from observe.bootstrap.stack import Stack
from observe.doctor.tier_facts import Alignment, Beat, Comparison, TierFacts
from observe.errors import SourceError
from observe.telemetry import probes
from observe.telemetry.client import PrometheusClient
from observe.telemetry.decode import QueryResult
from observe.telemetry.matchers import equals, selector
from observe.telemetry.moments import moment_of
from observe.telemetry.recorded import HEARTBEAT, RECORDED_REQUESTS, recorded_name

_HOUR = timedelta(hours=1)
#: The newest evaluation may have arrived in part: rules are committed one after the other.
_SETTLED = timedelta(minutes=1)
#: Names as recording rules give them.
RECORDED_NAMES = '{__name__=~"[a-z]+:.+:.+"}'
#: Distances of evaluations vary by so much of the interval.
_JITTER = 0.1
_DURATION = "istio_request_duration_milliseconds"
_FEDERATED = re.compile(rf"^{re.escape(HEARTBEAT)}\{{(.*)\}} ", re.MULTILINE)
_LABEL = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"')
#: Set on every sample by /federate, whatever the external labels are.
_OF_TARGETS = {"instance", "job"}


def examine_tiers(
    client: PrometheusClient, end: datetime, edges: Sequence[PrometheusClient] = ()
) -> TierFacts:
    """The facts about one external tier.

    Args:
        client: the external tier.
        end: moment to judge at.
        edges: edge tiers to compare it with.

    Raises:
        SourceError: the external tier does not answer.
    """
    names = _names(client, end)
    return TierFacts(
        beats=_beats(client, end),
        alignment=_alignment(client, end),
        levels=tuple(sorted({name.partition(":")[0] for name in names})),
        down=_down(client, end),
        comparisons=tuple(_compared(client, edge, names, end) for edge in edges),
    )


def _names(client: PrometheusClient, end: datetime) -> frozenset[str]:
    return probes.metric_names(client, RECORDED_NAMES, end - _HOUR, end)


def _beats(client: PrometheusClient, end: datetime) -> tuple[Beat, ...]:
    newest = client.instant(f"max by (cluster) (max_over_time({HEARTBEAT}[1d]))", end)
    samples = client.instant(f"{HEARTBEAT}[1h]", end)
    rows: dict[str, list[int]] = defaultdict(list)
    for row, labels in enumerate(samples.labels):
        rows[labels.get("cluster", "")].append(row)
    found = []
    for series, value in zip(newest.series.tolist(), newest.values.tolist(), strict=True):
        cluster = newest.labels[series].get("cluster", "")
        age = end.timestamp() - value
        found.append(beat_of(cluster, age, samples, rows.get(cluster, [])))
    return tuple(sorted(found, key=lambda beat: beat.cluster))


def beat_of(cluster: str, age: float, samples: QueryResult, rows: Sequence[int]) -> Beat:
    """What the samples of one cluster tell.

    Args:
        cluster: its name.
        age: seconds since the newest evaluation.
        samples: the heartbeat's samples of an hour.
        rows: which series are the cluster's; the fullest one is judged.
    """
    if not rows:
        return Beat(cluster, age)
    best = max(rows, key=lambda row: int((samples.series == row).sum()))
    chosen = samples.series == best
    values = np.unique(samples.values[chosen])
    gaps = np.diff(values)
    interval = float(np.median(gaps)) if gaps.size else None
    late = np.abs(samples.times_ms[chosen] / 1000 - samples.values[chosen])
    own = [samples.labels[row] for row in rows]
    differing = {n for labels in own for n in labels if len({o.get(n, "") for o in own}) > 1}
    return Beat(
        cluster=cluster,
        age_seconds=age,
        interval_seconds=interval,
        arrived=int(values.size),
        expected=round(float(values[-1] - values[0]) / interval) + 1 if interval else 0,
        irregular=_irregular(gaps, interval),
        late_seconds=float(late.max()),
        copies=len(rows),
        copy_labels=tuple(sorted(differing)),
    )


def _irregular(gaps: NDArray[np.float64], interval: float | None) -> float:
    """Share of distances that are no multiple of the interval."""
    if not interval:
        return 0.0
    beats = gaps / interval
    return float((np.abs(beats - np.rint(beats)) > _JITTER).mean())


def _alignment(client: PrometheusClient, end: datetime) -> Alignment | None:
    bucket = selector(recorded_name(f"{_DURATION}_bucket"), [equals("le", "+Inf")])
    count = recorded_name(f"{_DURATION}_count")
    counts = _number(client, f"sum({count})", end - _SETTLED)
    end = end if counts is None else end - _SETTLED
    counts = _number(client, f"sum({count})", end) if counts is None else counts
    if counts is None:
        return None
    apart = f"count(timestamp({bucket}) != ignoring (le) timestamp({count}))"
    return Alignment(
        counts=counts,
        buckets=_number(client, f"sum({bucket})", end) or 0.0,
        apart=int(_number(client, apart, end) or 0),
    )


def _number(client: PrometheusClient, query: str, at: datetime) -> float | None:
    values = client.instant(query, at).values
    return float(values[0]) if values.size else None


def _down(client: PrometheusClient, end: datetime) -> tuple[str, ...]:
    found = client.instant('max by (job, instance) (up{job=~"federate.*"}) == 0', end)
    return tuple(sorted(f"{s.get('job', '')} at {s.get('instance', '')}" for s in found.labels))


def _compared(
    external: PrometheusClient, edge: PrometheusClient, names: frozenset[str], end: datetime
) -> Comparison:
    url = edge.settings.url
    try:
        labels = _external_labels(edge)
        ours = levels(Stack())
        recorded = {name for name in _names(edge, end) if name.partition(":")[0] in ours}
        matchers = [equals(name, value) for name, value in labels.items()]
        rates = _rates(external, edge, matchers, end)
        lost = _labels(edge, [], end) - _labels(external, matchers, end) if rates else frozenset()
    except SourceError as error:
        return Comparison(url, refusal=(error.message, error.hint))
    return Comparison(
        url,
        external_labels=tuple(matchers),
        missing=tuple(sorted(recorded - names)),
        lost=tuple(sorted(lost)),
        edge_rate=rates[0] if rates else None,
        external_rate=rates[1] if rates else None,
    )


def _external_labels(edge: PrometheusClient) -> Mapping[str, str]:
    """What /federate adds to the heartbeat: asked the way that the external tier asks."""
    address = f"{edge.settings.url}/federate"
    seconds = edge.settings.timeout_seconds
    try:
        answer = edge.session.get(address, params={"match[]": HEARTBEAT}, timeout=seconds)
    except requests.RequestException as error:
        raise SourceError(f"{address} does not answer", "Is this edge tier up?") from error
    if answer.status_code != 200:
        raise SourceError(
            f"{address} answers {answer.status_code}",
            "Give the credentials that the external tier uses",
        )
    found = _FEDERATED.search(answer.text)
    if found is None:
        raise SourceError(
            f"{address} has no {HEARTBEAT}",
            "Load the recording rules into this edge tier, and wait for an evaluation",
        )
    return {n: v for n, v in _LABEL.findall(found[1]) if v and n not in _OF_TARGETS}


def _rates(
    external: PrometheusClient, edge: PrometheusClient, matchers: list[str], end: datetime
) -> tuple[float | None, float] | None:
    """Requests a second in both tiers, at one evaluation that arrived.

    None alone when nothing arrived; for the edge tier when it did not record what arrived.
    """
    heartbeat = f"max({selector(HEARTBEAT, matchers)})"
    newest = _number(external, heartbeat, end - _SETTLED) or _number(external, heartbeat, end)
    if newest is None:
        return None
    at = moment_of(round(newest * 1000))
    own, arrived = (
        _number(client, f"sum({selector(RECORDED_REQUESTS, chosen)})", at)
        for client, chosen in ((edge, []), (external, matchers))
    )
    return (own if own is not None or arrived else 0.0), arrived or 0.0


def _labels(client: PrometheusClient, matchers: list[str], end: datetime) -> frozenset[str]:
    chosen = selector(RECORDED_REQUESTS, matchers)
    return frozenset(probes.label_names(client, chosen, end - _HOUR, end) or ())
