"""Settings that were not chosen, and what they would have done: why not another number.

The numbers come from the same functions as the advice itself, run over the same snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from observe.recommend.current import CurrentSettings
from observe.recommend.model import AnyRecommendation
from observe.recommend.outlier_model import OutlierRecommendation
from observe.recommend.policy import Policy
from observe.recommend.pool_model import PoolRecommendation
from observe.recommend.retry_model import RetryRecommendation
from observe.telemetry.snapshot import Snapshot


@dataclass(frozen=True)
class Other:
    """One setting beside the one that is proposed.

    Attributes:
        setting: what it is: `half: 425 ms`.
        effect: what it would have done to the requests of the window.
        verdict: why it is not proposed; empty in the row of the proposal itself.
    """

    setting: str
    effect: str
    verdict: str


def others_of(
    recommendation: AnyRecommendation,
    snapshot: Snapshot,
    policy: Policy,
    current: CurrentSettings | None = None,
) -> Sequence[Other]:
    """The neighbours of a proposal, the proposal among them; empty where nothing can be told.

    Args:
        recommendation: of any kind.
        snapshot: what it was made from.
        policy: what it was made with.
        current: as it was then; nothing is known of the settings when None.
    """
    # Each kind loads the recommender that it asks.
    if isinstance(recommendation, RetryRecommendation):
        from observe.report.retry_others import retry_others

        return retry_others(recommendation, snapshot, policy)
    if isinstance(recommendation, PoolRecommendation):
        from observe.report.pool_others import pool_others

        return pool_others(recommendation, snapshot, policy)
    if isinstance(recommendation, OutlierRecommendation):
        from observe.report.outlier_others import outlier_others

        return outlier_others(recommendation, snapshot, policy, current)
    from observe.report.timeout_others import timeout_others

    return timeout_others(recommendation, snapshot, policy)
