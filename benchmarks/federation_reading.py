"""What the two tiers of the benchmark tell, each way of counting."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import requests
from federation_lab import BOUNDS, EVALUATION, LENGTH, SPAN

from observe.telemetry.gaps import step_factors
from observe.telemetry.recorded import HEARTBEAT, recorded_name

REQUESTS = "istio_requests_total"
BUCKETS = "istio_request_duration_milliseconds_bucket"


def total(url: str, expression: str, end: float) -> float:
    found = instant(url, f"sum({expression}[{LENGTH}s]))", end)
    return found[0][1] if found else 0.0


def recorded(url: str, mine: str, zero: float) -> tuple[dict[str, float], list[float], float, int]:
    """As the collector reads the external tier: sums over moments, gaps bridged step by step."""
    steps = LENGTH // SPAN
    moments = [zero + SPAN * (i + 1) for i in range(steps)]
    seen = np.array(
        [
            (instant(url, f"count_over_time({HEARTBEAT}[{SPAN}s])", t) or [({}, 0.0)])[0][1]
            for t in moments
        ]
    )
    factors = step_factors(seen, SPAN / EVALUATION, SPAN / EVALUATION, 1)

    def summed(metric: str, by: str) -> dict[str, float]:
        found: dict[str, float] = {}
        for moment, factor in zip(moments, factors, strict=True):
            over = f"{recorded_name(metric)}{{{mine}}}[{SPAN * 1000 - 1}ms]"
            text = f"sum by ({by}) (sum_over_time({over}))"
            for labels, value in instant(url, text, moment):
                found[labels[by]] = found.get(labels[by], 0.0) + value * factor * EVALUATION
        return found

    codes, cumulative = summed(REQUESTS, "response_code"), summed(BUCKETS, "le")
    counts = [cumulative["+Inf" if math.isinf(b) else f"{b}"] for b in BOUNDS]
    missed = round(LENGTH / EVALUATION - float(seen.sum()))
    return codes, counts, mismatches(url, mine, zero), missed


def mismatches(url: str, mine: str, zero: float) -> float:
    """Largest difference of bucket +Inf and count at one moment, requests a second."""
    both = "workload:istio_request_duration_milliseconds_(count|bucket):rate5m"
    names = f'{{__name__=~"{both}",le=~"|[+]Inf",{mine}}}'
    values: dict[tuple[str, float], float] = {}
    for series in query(url, {"query": f"{names}[{LENGTH}s]", "time": zero + LENGTH}):
        kind = "bucket" if "le" in series["metric"] else "count"
        for moment, value in series["values"]:
            values[kind, moment] = float(value)
    moments = {moment for _, moment in values}
    return max(
        abs(values.get(("bucket", t), math.inf) - values.get(("count", t), -math.inf))
        for t in moments
    )


def instant(url: str, text: str, moment: float) -> list[tuple[dict[str, str], float]]:
    found = query(url, {"query": text, "time": moment})
    return [(series["metric"], float(series["value"][1])) for series in found]


def query(url: str, parameters: dict[str, Any]) -> list[Any]:
    answer = requests.get(f"{url}/api/v1/query", params=parameters, timeout=30)
    answer.raise_for_status()
    return list(answer.json()["data"]["result"])
