"""What a retry recommendation says: its evidence, the effect predicted, the backtest."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from observe.documents import CamelModel
from observe.recommend.base_model import Interval, Recommendation

#: What becomes of a failure when it is tried again.
Cure = Literal["curable", "after_work", "overload", "permanent", "timeout"]


class FailureClass(CamelModel):
    """Failures of one kind over the window."""

    code: str
    flags: str
    grpc_status: str
    cure: Cure
    requests: float


class EnvoyRetries(CamelModel):
    """Envoy's own counters over the window; null where the mesh does not expose one."""

    retries: float
    successes: float | None = None
    overflows: float | None = None


class RetryEvidence(CamelModel):
    """What a retry policy was computed from.

    Fractions are of all requests of the window. `repeat_*`: how likely the next try fails when
    one has failed.
    """

    requests: float
    failures: float
    curable_fraction: float
    curable_low: float
    curable_high: float
    overload_fraction: float
    repeat_fraction: float
    repeat_low: float
    repeat_high: float
    dispersion: float = Field(
        description="variance of the curable failures over that of independent ones"
    )
    clustered_fraction: float = Field(
        description="curable failures in steps that look like an outage"
    )
    worst_hour_fraction: float = Field(description="curable failures of requests, worst hour")
    amplification: float | None = Field(
        description="tries that arrived per request sent; null where one side does not report"
    )
    envoy: EnvoyRetries | None = None
    hosts: int | None = Field(default=None, description="hosts that a retry can choose from")
    classes: tuple[FailureClass, ...] = ()
    coverage: float


class RetryPredicted(CamelModel):
    """What the policy would have done; loads are shares of the load without retries."""

    success_before: float
    success_after: float
    added_load: float
    added_load_worst_hour: float


class RetryBacktest(CamelModel):
    """A policy trained on the first part of the window, judged on the rest."""

    trained_on: tuple[datetime, datetime]
    tested_on: tuple[datetime, datetime]
    attempts: int
    success_before: float
    success_after: float
    added_load: float
    added_load_worst_hour: float
    added_load_worst_hour_interval: Interval


class RetryRecommendation(Recommendation):
    """Retries of a host's routes: `attempts`, `perTryTimeout`, `retryOn`, `backoff`,
    `retryBudget {percent, minRetryConcurrency}`.
    """

    kind: Literal["retry"] = "retry"
    evidence: RetryEvidence
    predicted: RetryPredicted
    backtest: RetryBacktest | None = None
