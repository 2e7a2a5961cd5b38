"""What a report says, before it is HTML or Markdown. Pure: advice and frames in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from observe.recommend.base_model import SEVERITIES
from observe.recommend.model import Advice, PlanChange, Withheld
from observe.recommend.policy import Policy
from observe.recommend.timeout_model import TimeoutRecommendation
from observe.report.format import length_text, time_text
from observe.report.quality import Fact, quality_facts
from observe.report.reason_words import ReasonWords, reason_words
from observe.report.services import Namespace, flags_seen, namespaces
from observe.report.words import headline_text, sureness_text, worth_making
from observe.signals.latency import TargetLatency
from observe.telemetry.snapshot import Snapshot

#: Changes told in words at the top.
MOST_IMPORTANT = 3


@dataclass(frozen=True)
class WithheldGroup:
    """Targets that are withheld for the same reason."""

    code: str
    words: ReasonWords
    targets: tuple[Withheld, ...]


@dataclass(frozen=True)
class Since:
    """What is different from an earlier report.

    Attributes:
        new: changes that were not worth making, or not seen, before.
        settled: what was worth changing before and fits now.
        gone: recommendations that are not made any more.
        moved: (before, now) where the proposal differs.
    """

    earlier: str
    new: tuple[TimeoutRecommendation, ...]
    settled: tuple[TimeoutRecommendation, ...]
    gone: tuple[TimeoutRecommendation, ...]
    moved: tuple[tuple[TimeoutRecommendation, TimeoutRecommendation], ...]


@dataclass(frozen=True)
class Content:
    """Everything that a report shows except its charts."""

    window: str
    source: str
    generated: str
    headline: str
    sureness: str
    policy: Policy
    most_important: tuple[TimeoutRecommendation, ...]
    recommendations: tuple[TimeoutRecommendation, ...]
    namespaces: tuple[Namespace, ...]
    flags: tuple[tuple[str, str], ...]
    plan: tuple[PlanChange, ...]
    withheld: tuple[WithheldGroup, ...]
    quality: tuple[Fact, ...]
    advice: Advice
    since: Since | None


def report_content(
    advice: Advice,
    snapshot: Snapshot,
    cubes: Mapping[str, TargetLatency],
    previous: Advice | None = None,
) -> Content:
    """Gather what a report shows.

    Args:
        advice: what is recommended.
        snapshot: the telemetry it was made from.
        cubes: latency by target path, of the same snapshot.
        previous: the advice of an earlier report, to tell what is new.
    """
    spaces = namespaces(snapshot, cubes)
    return Content(
        window=window_text(advice),
        source=source_text(advice),
        generated=time_text(advice.generated_at),
        headline=headline_text(advice),
        sureness=sureness_text(advice, policy := policy_of(advice)),
        policy=policy,
        most_important=tuple(sorted(worth_making(advice), key=_urgency)[:MOST_IMPORTANT]),
        recommendations=tuple(sorted(advice.timeouts, key=_urgency)),
        namespaces=spaces,
        flags=flags_seen(spaces),
        plan=advice.plan,
        withheld=_by_reason(advice.withheld),
        quality=quality_facts(advice, snapshot),
        advice=advice,
        since=since(previous, advice) if previous is not None else None,
    )


def policy_of(advice: Advice) -> Policy:
    """The policy that the advice was made with."""
    return Policy.model_validate(advice.policy)


def window_text(advice: Advice) -> str:
    """`Mon 9 Nov 2026 00:00 UTC to Mon 16 Nov 2026 00:00 UTC (7 days)`."""
    window = advice.window
    length = length_text(window.length.total_seconds())
    return f"{time_text(window.start)} to {time_text(window.end)} ({length})"


def source_text(advice: Advice) -> str:
    """Where the telemetry came from."""
    source = advice.source
    if source.kind == "simulation":
        return "a simulated mesh"
    server = f" ({source.server})" if source.server else ""
    return f"{source.url or source.kind}{server}, {source.flavour} series"


def since(previous: Advice, advice: Advice) -> Since:
    """What changed between two reports."""
    before = {r.id: r for r in previous.timeouts}
    now = {r.id: r for r in advice.timeouts}
    both = [(before[i], now[i]) for i in now if i in before]
    return Since(
        earlier=window_text(previous),
        new=tuple(r for r in worth_making(advice) if not _was_worth(before.get(r.id))),
        settled=tuple(n for b, n in both if _was_worth(b) and not _was_worth(n)),
        gone=tuple(r for r in previous.timeouts if r.id not in now),
        moved=tuple((b, n) for b, n in both if b.proposed != n.proposed and _was_worth(n)),
    )


def _was_worth(recommendation: TimeoutRecommendation | None) -> bool:
    return recommendation is not None and recommendation.severity != "ok"


def _urgency(recommendation: TimeoutRecommendation) -> int:
    """Most urgent first; among equals the order of the advice stays."""
    return -SEVERITIES.index(recommendation.severity)


def _by_reason(withheld: Sequence[Withheld]) -> tuple[WithheldGroup, ...]:
    codes = list(dict.fromkeys(w.reason for w in withheld))
    return tuple(
        WithheldGroup(code, reason_words(code), tuple(w for w in withheld if w.reason == code))
        for code in codes
    )
