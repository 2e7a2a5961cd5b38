"""One recommendation against what is there: changes, a refusal, or nothing to do."""

from __future__ import annotations

from observe.durations import shown
from observe.errors import InputError
from observe.export.changes import Change
from observe.export.current import Current
from observe.export.decide_outlier import decide_outlier
from observe.export.decide_policy import decide_pool
from observe.export.decide_route import Timeouts, decide_retry, decide_timeout
from observe.export.hosts import is_domain, is_label
from observe.export.options import ExportOptions
from observe.export.refusals import Refusal, RefusalReason, Skipped
from observe.recommend.model import AnyRecommendation

Decision = tuple[Change, ...] | Refusal | Skipped


def decide(
    advice: AnyRecommendation,
    current: Current | None,
    options: ExportOptions,
    timeouts: Timeouts | None = None,
) -> Decision:
    """What to do about one recommendation.

    Args:
        advice: the recommendation.
        current: what is there; None: not known.
        options: how far to go, and for which release.
        timeouts: the timeouts that the same export sets; retries have to fit into them.

    Raises:
        InputError: a value in the advice or in a current file cannot be read.
    """
    host, namespace = advice.target.service or "", advice.target.namespace
    if not (is_domain(host) and "." in host and is_label(namespace)):
        return Refusal(
            advice.id,
            RefusalReason.NOT_A_SERVICE,
            f"{shown(host)} in namespace {shown(namespace)} is not a service that can be named",
        )
    try:
        if advice.kind == "retry":
            return decide_retry(advice, current, options, timeouts or {})
        if advice.kind == "connectionPool":
            return decide_pool(advice, current, options)
        if advice.kind == "outlierDetection":
            return decide_outlier(advice, current, options)
        return decide_timeout(advice, current, options)
    except InputError as error:
        raise InputError(f"{shown(advice.id)}: {error.message}", error.hint) from error
