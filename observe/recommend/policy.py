"""The knobs of the recommenders: names that say what they mean, defaults that are sane.

`docs/method.md` gives the source of each default.
"""

from __future__ import annotations

from pydantic import ConfigDict, Field

from observe.documents import CamelModel


class TimeoutPolicy(CamelModel):
    """How timeouts are chosen."""

    model_config = ConfigDict(allow_inf_nan=False)

    false_timeout_rate: float = Field(
        default=0.001, gt=0, lt=0.5, description="share of good requests a timeout may cut"
    )
    interval_confidence: float = Field(
        default=0.90,
        gt=0.5,
        lt=1,
        description="confidence of the interval around the quantile; each end alone has half the "
        "doubt (95 %)",
    )
    headroom: float = Field(default=0.05, ge=0, le=5, description="added on top of the upper bound")
    minimum_ms: float = Field(default=10.0, gt=0, description="no timeout below this")
    narrow_spread: float = Field(
        default=1.5, ge=1, description="a timeout is at least this multiple of the median"
    )
    expected_tail_requests: float = Field(
        default=3.0,
        ge=1,
        description="requests expected beyond the quantile before it is judged (rule of three)",
    )
    busiest_share: float = Field(
        default=0.10, gt=0, le=1, description="share of the hours that count as the busiest"
    )
    long_poll_ms: float = Field(
        default=10_000.0, gt=0, description="answers slower than this as a habit are long polls"
    )
    tolerance: float = Field(
        default=0.25, ge=0, description="a current timeout this close to the proposal fits"
    )
    loose_factor: float = Field(
        default=3.0, gt=1, description="a current timeout above this multiple is too loose"
    )
    training_share: float = Field(
        default=0.7, gt=0, lt=1, description="first part of the window that a backtest learns from"
    )


class Policy(CamelModel):
    """All knobs of a run."""

    timeout: TimeoutPolicy = TimeoutPolicy()
    low_coverage: float = Field(
        default=0.9, ge=0, le=1, description="scrapes present below this lower the confidence"
    )
