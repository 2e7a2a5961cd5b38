"""The knobs of CPU and memory sizes: `docs/method-resources.md` says why they are what they are."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from observe.documents import CamelModel

MIB = 1_048_576


class VariantPolicy(CamelModel):
    """How much is paid for being safe."""

    model_config = ConfigDict(allow_inf_nan=False)

    worth_of_a_point: float = Field(
        gt=0, description="how much larger a request may be to leave 1 % fewer steps above it"
    )
    most_above: float = Field(gt=0, lt=0.5, description="share of the steps that may lie above")
    hour_level: float = Field(
        ge=0, le=1, description="part of the steps of the busiest hour that must fit"
    )
    outlier_hours: int = Field(
        ge=0, description="hours of a week that may be outliers; those that recur are none"
    )
    cpu_headroom: float = Field(ge=0, le=5, description="added on top of the CPU's need")
    memory_least_margin: float = Field(ge=0, le=5, description="added to a steady maximum")
    memory_most_margin: float = Field(
        ge=0, le=5, description="added to a maximum that differs from day to day, or is but a day's"
    )
    memory_limit_room: float = Field(ge=1, le=10, description="memory limit over request")
    accepted_throttling: float = Field(
        ge=0,
        le=1,
        description="share of periods throttled in the worst hours that a limit may cost",
    )


COST = VariantPolicy(
    worth_of_a_point=0.05,
    most_above=0.10,
    hour_level=0.5,
    outlier_hours=1,
    cpu_headroom=0.0,
    memory_least_margin=0.03,
    memory_most_margin=0.10,
    memory_limit_room=1.1,
    accepted_throttling=0.10,
)
BALANCED = VariantPolicy(
    worth_of_a_point=0.20,
    most_above=0.05,
    hour_level=0.5,
    outlier_hours=1,
    cpu_headroom=0.03,
    memory_least_margin=0.05,
    memory_most_margin=0.15,
    memory_limit_room=1.25,
    accepted_throttling=0.05,
)
SAFE = VariantPolicy(
    worth_of_a_point=1.0,
    most_above=0.01,
    hour_level=0.9,
    outlier_hours=0,
    cpu_headroom=0.10,
    memory_least_margin=0.15,
    memory_most_margin=0.30,
    memory_limit_room=1.5,
    accepted_throttling=0.0,
)


class ResourcePolicy(CamelModel):
    """How CPU and memory are sized."""

    model_config = ConfigDict(allow_inf_nan=False)

    cost: VariantPolicy = COST
    balanced: VariantPolicy = BALANCED
    safe: VariantPolicy = SAFE
    least_hours: float = Field(default=12.0, gt=0, description="hours of data needed for a size")
    least_steps: int = Field(default=60, ge=2, description="steps of data needed for a size")
    least_coverage: float = Field(
        default=0.3, ge=0, le=1, description="withheld where less of the window is known"
    )
    low_coverage: float = Field(default=0.9, ge=0, le=1, description="lowers the confidence below")
    least_cpu: float = Field(default=0.010, gt=0, description="cores; no request below")
    least_memory: float = Field(default=32.0 * MIB, gt=0, description="bytes; no request below")
    startup_seconds: float = Field(
        default=600.0, ge=0, description="after a start, which is not steady use"
    )
    leak_per_week: float = Field(
        default=0.25, gt=0, description="growth a week from which a steady rise is a leak"
    )
    trend_level: float = Field(
        default=0.01, gt=0, lt=0.5, description="chance accepted of taking noise for a trend"
    )
    most_growth: float = Field(default=2.0, ge=1, description="growth is not allowed for beyond")
    interval_confidence: float = Field(default=0.90, gt=0.5, lt=1, description="of the intervals")
    training_share: float = Field(
        default=0.7, gt=0, lt=1, description="first part of the window that a backtest learns from"
    )
