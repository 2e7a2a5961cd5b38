"""What a timeout recommendation says: its evidence, the effect predicted, the backtest."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from observe.documents import CamelModel
from observe.recommend.base_model import Interval, Recommendation


class Caller(CamelModel):
    """What one client workload sees of a service."""

    workload: str
    namespace: str
    requests: float
    estimate_ms: float
    fraction_cut: float


class TimeoutEvidence(CamelModel):
    """What a timeout was computed from. Times in milliseconds.

    `low_ms`..`high_ms` is where the quantile lies with the policy's confidence, sampling and
    bucket interpolation together; `bracket_*` is what the bucket boundaries alone guarantee.
    """

    requests: float
    quantile: float
    estimate_ms: float
    low_ms: float
    high_ms: float
    bracket_low_ms: float
    bracket_high_ms: float | None = Field(description="null: the last bucket, which has no end")
    busy_hours: int = Field(description="coarse steps pooled as the busiest")
    busy_requests: float
    week_estimate_ms: float = Field(description="the same quantile over the whole window")
    median_ms: float
    censored_fraction: float = Field(description="requests cut before they could end")
    design_effect: float = Field(description="requests that are worth one independent one")
    coverage: float
    excluded: tuple[tuple[datetime, datetime], ...] = Field(
        default=(), description="spans left out as incidents, half-open"
    )
    callers: tuple[Caller, ...] = ()


class TimeoutPredicted(CamelModel):
    """What a timeout would have done to the requests of the window."""

    fraction_cut: float
    requests_cut_per_day: float


class TimeoutBacktest(CamelModel):
    """A timeout trained on the first part of the window, judged on the rest."""

    trained_on: tuple[datetime, datetime]
    tested_on: tuple[datetime, datetime]
    timeout: str
    fraction_cut: float
    fraction_cut_interval: Interval
    current_fraction_cut: float | None = None


class TimeoutRecommendation(Recommendation):
    """A timeout of a host's routes: `proposed` holds `timeout`."""

    kind: Literal["timeout"] = "timeout"
    evidence: TimeoutEvidence
    predicted: TimeoutPredicted
    backtest: TimeoutBacktest | None = None
