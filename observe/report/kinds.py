"""The lines of any recommendation: the one place that knows all kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from observe.recommend.base_model import Kind
from observe.recommend.model import AnyRecommendation, Withheld
from observe.recommend.outlier_model import OutlierRecommendation
from observe.recommend.policy import Policy
from observe.recommend.pool_model import PoolRecommendation
from observe.recommend.retry_model import RetryRecommendation
from observe.report.lines import Lines
from observe.report.outlier_lines import outlier_lines, outlier_now
from observe.report.pool_lines import pool_lines, pool_now
from observe.report.retry_lines import retry_lines, retry_now
from observe.report.timeout_lines import timeout_lines, timeout_now


def lines_of(recommendation: AnyRecommendation, policy: Policy) -> Lines:
    """A recommendation of any kind in words.

    Args:
        recommendation: of any kind.
        policy: the policy that it was made with.
    """
    if isinstance(recommendation, RetryRecommendation):
        return retry_lines(recommendation, policy)
    if isinstance(recommendation, PoolRecommendation):
        return pool_lines(recommendation, policy)
    if isinstance(recommendation, OutlierRecommendation):
        return outlier_lines(recommendation, policy)
    return timeout_lines(recommendation, policy)


def now_text(item: AnyRecommendation | Withheld) -> str:
    """What is set today, short: `2 s`, `2 retries (default)`, `none`, `not known`."""
    return _now(item.kind, item.current)


def _now(kind: Kind, current: Mapping[str, Any] | None) -> str:
    if kind == "timeout":
        return timeout_now(current)
    if kind == "retry":
        return retry_now(current)
    if kind == "connectionPool":
        return pool_now(current)
    return outlier_now(current)
