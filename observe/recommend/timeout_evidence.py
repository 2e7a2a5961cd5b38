"""The evidence of a timeout: what stands beside the number in `recommendations.json`."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.durations import istio_duration
from observe.recommend.backtest import share_cut
from observe.recommend.base_model import Interval
from observe.recommend.reasons import Reason
from observe.recommend.timeout_estimate import CallerTail, TimeoutEstimate, quantile_name
from observe.recommend.timeout_model import Caller, TimeoutEvidence, TimeoutPredicted
from observe.recommend.timeout_tail import Mask
from observe.signals.latency import TargetLatency
from observe.stats.interval import proportion_interval

Spans = tuple[tuple[datetime, datetime], ...]
_CALLERS_SHOWN = 10


def timeout_evidence(
    latency: TargetLatency,
    estimate: TimeoutEstimate,
    rate: float,
    coverage: float,
    excluded: Spans,
    cut: tuple[CallerTail, ...] = (),
) -> TimeoutEvidence:
    """The numbers behind a timeout, rounded for the document; callers that it cuts come first."""
    tail = estimate.governing
    top = tail.bracket.high
    return TimeoutEvidence(
        requests=round(estimate.week.requests, 3),
        quantile=1.0 - rate,
        estimate_ms=_ms(tail.interval.value),
        low_ms=_ms(tail.interval.low),
        high_ms=_ms(tail.interval.high),
        bracket_low_ms=_ms(tail.bracket.low),
        bracket_high_ms=_ms(top) if np.isfinite(top) else None,
        busy_hours=int(estimate.busy_steps.sum()),
        busy_requests=round(estimate.busy.requests, 3),
        week_estimate_ms=_ms(estimate.week.interval.value),
        median_ms=_ms(estimate.median_ms),
        censored_fraction=_share(estimate.week.censored),
        design_effect=round(tail.design_effect, 3),
        coverage=round(coverage, 4),
        excluded=excluded,
        callers=_callers_shown(estimate, cut),
    )


def spans_of(times: NDArray[np.datetime64], steps: Mask, step_seconds: int) -> Spans:
    """Half-open spans (UTC) that the marked steps cover, neighbours joined."""
    step = pd.Timedelta(seconds=step_seconds)
    spans: list[tuple[pd.Timestamp, pd.Timestamp]] = []
    for moment in pd.DatetimeIndex(times[steps]).tz_localize("UTC"):
        if spans and spans[-1][1] == moment:
            spans[-1] = (spans[-1][0], moment + step)
        else:
            spans.append((moment, moment + step))
    return tuple(spans)


def _callers_shown(estimate: TimeoutEstimate, cut: tuple[CallerTail, ...]) -> tuple[Caller, ...]:
    named = {(caller.namespace, caller.workload) for caller in cut}
    others = (c for c in estimate.callers if (c.namespace, c.workload) not in named)
    return tuple(
        Caller(
            workload=caller.workload,
            namespace=caller.namespace,
            requests=round(caller.tail.requests, 3),
            estimate_ms=_ms(caller.tail.interval.value),
            fraction_cut=_share(share_cut(caller.tail.survival, estimate.timeout_ms)),
        )
        for caller in (*cut, *others)[:_CALLERS_SHOWN]
    )


def predict_cut(
    estimate: TimeoutEstimate, days: float
) -> tuple[TimeoutPredicted, dict[str, Interval]]:
    """What the timeout would have cut in the window, with intervals by field name."""
    week = estimate.week
    cut = share_cut(week.survival, estimate.timeout_ms)
    per_day = week.requests / days
    low, high = proportion_interval(cut * week.requests, week.requests, 0.95, week.design_effect)
    return (
        TimeoutPredicted(fraction_cut=_share(cut), requests_cut_per_day=round(cut * per_day, 2)),
        {
            "fractionCut": (_share(low), _share(high)),
            "requestsCutPerDay": (round(low * per_day, 2), round(high * per_day, 2)),
        },
    )


def timeout_message(estimate: TimeoutEstimate, rate: float, words: str) -> str:
    """The recommendation in a sentence or two; `words` is the verdict on what is set."""
    tail = estimate.governing.interval
    where = "In the busiest hours"
    if estimate.governing is estimate.week:
        where = "Over the whole window"
    elif estimate.governing is not estimate.busy:
        where = "For its slowest caller"
    return (
        f"{words} {where} the {quantile_name(1.0 - rate)} of good answers is {in_ms(tail.value)} "
        f"(between {in_ms(tail.low)} and {in_ms(tail.high)}); {_because(estimate)}"
    )


def _because(estimate: TimeoutEstimate) -> str:
    """Why the timeout is not just a little above the interval, or that it is."""
    timeout = istio_duration(estimate.timeout_ms)
    if Reason.CALLER_RAISED_TO_CALLEE in estimate.shaped_by:
        return f"{timeout} outlasts the slowest service that it calls."
    if Reason.MINIMUM_APPLIED in estimate.shaped_by:
        return f"{timeout} is the shortest that the policy allows."
    if Reason.NARROW_SPREAD_PADDED in estimate.shaped_by:
        return f"{timeout} is kept clear of the median, {in_ms(estimate.median_ms)}."
    return f"{timeout} leaves room above that."


def in_ms(value: float) -> str:
    """`1,010 ms`, or `6.8 ms` below ten."""
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.2g} ms"


def _ms(value: float) -> float:
    return round(float(value), 3)


def _share(value: float) -> float:
    return round(float(value), 8)
