"""What is different from an earlier report."""

from __future__ import annotations

from dataclasses import dataclass

from observe.recommend.model import Advice, AnyRecommendation
from observe.report.headline import worth_making


@dataclass(frozen=True)
class Since:
    """What is different from an earlier report.

    Attributes:
        earlier: the window of that report.
        new: changes that were not worth making, or not seen, before.
        settled: what was worth changing before and fits now.
        gone: recommendations that are not made any more.
        moved: (before, now) where the proposal differs.
    """

    earlier: str
    new: tuple[AnyRecommendation, ...]
    settled: tuple[AnyRecommendation, ...]
    gone: tuple[AnyRecommendation, ...]
    moved: tuple[tuple[AnyRecommendation, AnyRecommendation], ...]


def since(previous: Advice, advice: Advice, earlier: str) -> Since:
    """What changed between two reports, over all kinds.

    Args:
        previous: the earlier advice.
        advice: what is advised now.
        earlier: the window of the earlier report in words.
    """
    before = {r.id: r for r in previous.recommendations}
    now = {r.id: r for r in advice.recommendations}
    both = [(before[i], now[i]) for i in now if i in before]
    return Since(
        earlier=earlier,
        new=tuple(
            r for r in worth_making(advice.recommendations) if not _was_worth(before.get(r.id))
        ),
        settled=tuple(n for b, n in both if _was_worth(b) and not _was_worth(n)),
        gone=tuple(r for r in previous.recommendations if r.id not in now),
        moved=tuple((b, n) for b, n in both if b.proposed != n.proposed and _was_worth(n)),
    )


def _was_worth(recommendation: AnyRecommendation | None) -> bool:
    return recommendation is not None and recommendation.severity != "ok"
