"""The contract of `recommendations.json` (schemaVersion observe/v1).

Field names are stable: adding one is fine, renaming one is a new version. The published JSON
schema is made from these classes (`observe.recommend.schema`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from observe.documents import CamelModel
from observe.target import Target
from observe.telemetry.manifest import MissingPiece, Source, Window

SCHEMA_VERSION = "observe/v1"

Kind = Literal[
    "timeout",
    "retry",
    "connectionPool",
    "outlierDetection",
    "resources",
    "sidecarResources",
    "controlPlane",
    "autoscaling",
]
Confidence = Literal["low", "medium", "high"]
Severity = Literal["ok", "info", "warning", "critical"]

#: From harmless to urgent; `--fail-on` compares positions in this tuple.
SEVERITIES: tuple[Severity, ...] = ("ok", "info", "warning", "critical")
CONFIDENCES: tuple[Confidence, ...] = ("low", "medium", "high")

Interval = tuple[float, float]


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


class Recommendation(CamelModel):
    """One proposed change with everything that speaks for it."""

    id: str
    kind: Kind
    target: Target
    current: dict[str, Any] | None
    proposed: dict[str, Any]
    confidence: Confidence
    severity: Severity
    reasons: tuple[str, ...]
    message: str = Field(description="one sentence for a person")
    evidence: TimeoutEvidence
    predicted: TimeoutPredicted
    predicted_interval: dict[str, Interval] = Field(default_factory=dict)
    backtest: TimeoutBacktest | None = None


class Withheld(CamelModel):
    """A recommendation that the data does not support, and why."""

    kind: Kind
    target: Target
    reason: str
    message: str
    current: dict[str, Any] | None = None


class PlanChange(CamelModel):
    """What `plan` changed so that the recommendations agree with one another."""

    id: str
    field: str
    before: str
    after: str
    reason: str
    message: str


class Advice(CamelModel):
    """The document `recommendations.json`."""

    schema_version: Literal["observe/v1"] = "observe/v1"
    generated_at: datetime
    window: Window
    source: Source
    policy: dict[str, Any] = Field(default_factory=dict)
    recommendations: tuple[Recommendation, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    plan: tuple[PlanChange, ...] = ()
    missing: tuple[MissingPiece, ...] = ()
