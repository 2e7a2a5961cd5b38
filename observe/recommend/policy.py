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


class RetryPolicy(CamelModel):
    """How retries are chosen."""

    model_config = ConfigDict(allow_inf_nan=False)

    most_attempts: int = Field(default=2, ge=0, le=10, description="retries of one request")
    most_tries_per_path: int = Field(
        default=4, ge=1, description="product of the tries along any path of calls"
    )
    most_added_load: float = Field(
        default=0.10, gt=0, le=1, description="share that retries may add in the worst hour"
    )
    least_gain: float = Field(
        default=1e-4, gt=0, lt=1, description="retries that cure a smaller share are not worth it"
    )
    least_failures: float = Field(
        default=30.0, ge=1, description="curable failures needed before anything is said of them"
    )
    idempotent: tuple[str, ...] = Field(
        default=(),
        description="hosts (patterns such as *.shop.svc.cluster.local) all of whose requests may "
        "be carried out twice",
    )
    budget_percent: float = Field(
        default=20.0, gt=0, le=100, description="retryBudget.percent, always written out"
    )
    min_retry_concurrency: int = Field(default=3, ge=0, description="retries always allowed")
    interval_confidence: float = Field(default=0.90, gt=0.5, lt=1, description="of the intervals")
    training_share: float = Field(
        default=0.7, gt=0, lt=1, description="first part of the window that a backtest learns from"
    )


class PoolPolicy(CamelModel):
    """How connection pools are chosen."""

    model_config = ConfigDict(allow_inf_nan=False)

    headroom: float = Field(
        default=1.5, ge=1, le=10, description="times the p99.9 of the requests under way"
    )
    least_limit: int = Field(
        default=8,
        ge=1,
        description="no limit below this; withheld where looseFactor times the need is not more",
    )
    accepted_shed: float = Field(
        default=1e-4,
        gt=0,
        lt=0.5,
        description="share of the requests that a limit learned on the first part of the window "
        "may refuse in the rest before that counts as a doubt",
    )
    busiest_share: float = Field(
        default=0.01, gt=0, le=1, description="share of the fine steps that count as the busiest"
    )
    least_requests: float = Field(
        default=3_000.0, ge=1, description="requests needed before anything is said"
    )
    tolerance: float = Field(
        default=0.25, ge=0, description="a current limit this close to the proposal fits"
    )
    loose_factor: float = Field(
        default=4.0, gt=1, description="a current limit above this multiple is too loose"
    )
    interval_confidence: float = Field(default=0.90, gt=0.5, lt=1, description="of the intervals")
    training_share: float = Field(
        default=0.7, gt=0, lt=1, description="first part of the window that a backtest learns from"
    )


class OutlierPolicy(CamelModel):
    """How outlier detection is chosen."""

    model_config = ConfigDict(allow_inf_nan=False)

    false_ejections_per_week: float = Field(
        default=1.0, gt=0, description="of healthy hosts of a service, all client proxies together"
    )
    highest_consecutive: int = Field(
        default=50, ge=3, description="a service that needs more errors in a row is withheld"
    )
    lowest_consecutive: int = Field(default=3, ge=1, description="never fewer errors in a row")
    least_requests: float = Field(
        default=3_000.0, ge=1, description="requests needed before anything is said"
    )
    spare_capacity: float = Field(
        default=0.25,
        ge=0,
        description="how much more than the busiest load that was borne a host is trusted with",
    )
    most_seconds_to_eject: float = Field(
        default=600.0, gt=0, description="withheld when a dead host would stay in use for longer"
    )
    interval_confidence: float = Field(default=0.90, gt=0.5, lt=1, description="of the intervals")
    training_share: float = Field(
        default=0.7, gt=0, lt=1, description="first part of the window that a backtest learns from"
    )


class Policy(CamelModel):
    """All knobs of a run."""

    timeout: TimeoutPolicy = TimeoutPolicy()
    retry: RetryPolicy = RetryPolicy()
    connection_pool: PoolPolicy = PoolPolicy()
    outlier_detection: OutlierPolicy = OutlierPolicy()
    low_coverage: float = Field(
        default=0.9, ge=0, le=1, description="scrapes present below this lower the confidence"
    )
