"""The contract of `recommendations.json` (schemaVersion observe/v1).

Field names are stable: adding one is fine, renaming one is a new version. The published JSON
schema is made from these classes (`observe.recommend.schema`). What each kind says of itself
stands in `timeout_model`, `retry_model`, `pool_model` and `outlier_model`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from observe.documents import CamelModel
from observe.recommend.base_model import Kind
from observe.recommend.outlier_model import OutlierRecommendation
from observe.recommend.pool_model import PoolRecommendation
from observe.recommend.retry_model import RetryRecommendation
from observe.recommend.shown import advice_html, advice_line
from observe.recommend.timeout_model import TimeoutRecommendation
from observe.target import Target
from observe.telemetry.manifest import MissingPiece, Source, Window

SCHEMA_VERSION = "observe/v1"

AnyRecommendation = Annotated[
    TimeoutRecommendation | RetryRecommendation | PoolRecommendation | OutlierRecommendation,
    Field(discriminator="kind"),
]


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


class WorstPath(CamelModel):
    """The path of calls along which tries multiply most, once all advice is followed."""

    targets: tuple[str, ...] = Field(description="paths of the targets, the first caller first")
    tries: tuple[float, ...] = Field(
        description="of one request to each of them, on average where a retryBudget bounds them"
    )
    product: float = Field(description="tries of the last target for one request to the first")
    without_budgets: float | None = Field(
        default=None, description="the same if no retryBudget that is advised held"
    )
    most: float = Field(description="the bound of the policy, mostTriesPerPath")
    by_default: tuple[str, ...] = Field(
        default=(), description="targets without advice, whose tries are Istio's default"
    )


class Advice(CamelModel):
    """The document `recommendations.json`."""

    schema_version: Literal["observe/v1"] = "observe/v1"
    generated_at: datetime
    window: Window
    source: Source
    policy: dict[str, Any] = Field(default_factory=dict)
    recommendations: tuple[AnyRecommendation, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    plan: tuple[PlanChange, ...] = ()
    worst_path: WorstPath | None = Field(
        default=None, description="null: no path along which anything is tried twice"
    )
    missing: tuple[MissingPiece, ...] = ()

    def __repr__(self) -> str:
        """Short: the whole document takes pages."""
        return advice_line(self)

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return advice_html(self)

    @property
    def timeouts(self) -> tuple[TimeoutRecommendation, ...]:
        """The timeouts among the recommendations."""
        return tuple(r for r in self.recommendations if isinstance(r, TimeoutRecommendation))

    def withheld_of(self, kind: Kind) -> tuple[Withheld, ...]:
        """What is withheld of one kind."""
        return tuple(w for w in self.withheld if w.kind == kind)
