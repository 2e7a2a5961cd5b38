"""Calls as the counters of Istio's proxies, scraped by a Prometheus: no figures of its own.

Durations become buckets as in Envoy: Istio cuts them to whole milliseconds (istio/proxy,
istio_stats.cc), Envoy keeps those in bins of two significant digits, and a bucket counts the bins
that lie wholly at or below its bound (libcircllhist, hist_approx_count_below). For Istio's bounds
of a millisecond and more that is exact: `le="250"` holds what took less than 250 ms. The sum is
that of the bins' middles, so that it is a few per cent off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.stats.histogram import ISTIO_BUCKETS_MS

Floats = NDArray[np.float64]
Labels = dict[str, str]

NAMESPACE = "boutique"  # the data set does not name it
#: Where every counter stands when the recording begins: the pods had been running.
BEFORE = 10_000.0
_DURATION = "istio_request_duration_milliseconds"
#: Between recorded windows a proxy was scraped and idle, or nothing is known of it.
Between = Literal["unrecorded", "idle"]


@dataclass(frozen=True)
class Scrapes:
    """Samples as Prometheus would have stored them: N series, T times, NaN for no sample."""

    labels: list[Labels]
    times_ms: NDArray[np.int64]
    values: Floats


def scrapes(
    calls: pd.DataFrame,
    windows: tuple[tuple[pd.Timestamp, pd.Timestamp], ...],
    *,
    between: Between,
    seconds: int = 15,
) -> Scrapes:
    """Counters of every proxy at every scrape.

    Args:
        calls: as in :class:`spans.Recording`.
        windows: the recorded windows.
        between: what proxies did between them. "unrecorded": there are no samples but from the
            last scrape before a window to the first one after it.
        seconds: scrape interval.
    """
    ticks = _ticks(windows, between, seconds)
    labels, rows = [], []
    for key, part in calls.groupby(["reporter", "source", "destination", "pod"], sort=True):
        base = _labels(*key)
        ordered = part.sort_values("end")
        ends = _ms(ordered["end"])
        durations = ordered["duration_ms"].to_numpy()
        for name, le, values in _series(ends, durations, ticks):
            labels.append(base | {"__name__": name} | ({"le": le} if le else {}))
            rows.append(values)
    return Scrapes(labels, ticks, np.vstack(rows))


def _series(
    ends: Floats, durations: Floats, ticks: NDArray[np.int64]
) -> Iterator[tuple[str, str, Floats]]:
    """Name, `le` and values at the ticks of one edge's counters; a call counts when it ends."""
    count = BEFORE + np.searchsorted(ends, ticks, side="right")
    yield "istio_requests_total", "", count
    yield f"{_DURATION}_count", "", count
    running = np.concatenate(([0.0], np.cumsum(middle_of_bin(durations))))
    yield f"{_DURATION}_sum", "", BEFORE + running[np.searchsorted(ends, ticks, side="right")]
    for bound in ISTIO_BUCKETS_MS:
        inside = ends[np.floor(durations) < max(bound, 1.0)]
        values = BEFORE + np.searchsorted(inside, ticks, side="right")
        yield f"{_DURATION}_bucket", "+Inf" if np.isinf(bound) else f"{bound:g}", values


def middle_of_bin(durations_ms: Floats) -> Floats:
    """What Envoy adds to the sum for a duration: the middle of its bin of two significant digits.

    Source: libcircllhist, hist_bucket_midpoint. Recorded pages show it: one request, sum 1050.
    """
    whole = np.floor(durations_ms)
    safe = np.maximum(whole, 1.0)
    width = 10.0 ** (np.floor(np.log10(safe)) - 1)
    bottom = np.floor(safe / width + 1e-9) * width
    return np.where(whole >= 1, bottom + width / 2, 0.0)


def _ticks(
    windows: tuple[tuple[pd.Timestamp, pd.Timestamp], ...], between: Between, seconds: int
) -> NDArray[np.int64]:
    step = seconds * 1000
    first = int(_at(windows[0][0])) // step * step
    every = np.arange(first, int(_at(windows[-1][1])) + step, step, dtype=np.int64)
    if between == "idle":
        return every
    known = np.zeros(every.size, dtype=bool)
    for start, end in windows:
        known |= (every > _at(start) - step) & (every < _at(end) + step)
    return every[known]


def _labels(reporter: str, source: str, destination: str, pod: str) -> Labels:
    owner = source if reporter == "source" else destination
    known = source != "unknown"
    grpc = destination != "frontend"
    return {
        "job": "kubernetes-pods",
        "instance": f"{pod}:15020",
        "namespace": NAMESPACE,
        "pod": pod,
        "app": owner,
        "reporter": reporter,
        "source_workload": source,
        "source_workload_namespace": NAMESPACE if known else "unknown",
        "destination_workload": destination,
        "destination_workload_namespace": NAMESPACE,
        "destination_service": f"{destination}.{NAMESPACE}.svc.cluster.local",
        "destination_service_name": destination,
        "destination_service_namespace": NAMESPACE,
        "request_protocol": "grpc" if grpc else "http",
        "response_code": "200",
        "response_flags": "-",
        "grpc_response_status": "0" if grpc else "",
    }


def _ms(times: pd.Series) -> Floats:
    return times.dt.as_unit("ns").astype("int64").to_numpy() / 1e6


def _at(moment: pd.Timestamp) -> float:
    return moment.value / 1e6
