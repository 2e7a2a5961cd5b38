"""What a report says, before it is HTML or Markdown. Pure: advice and frames in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from observe.recommend.model import Advice, PlanChange, WorstPath
from observe.recommend.policy import Policy
from observe.report.format import length_text, time_text
from observe.report.headline import headline_text, sureness_text
from observe.report.parts import (
    Entry,
    ServicePart,
    WithheldKind,
    entries_of,
    service_parts,
    withheld_kinds,
)
from observe.report.quality import Fact, quality_facts
from observe.report.services import Namespace, flags_seen, namespaces
from observe.report.since import Since, since
from observe.signals.latency import TargetLatency
from observe.telemetry.snapshot import Snapshot

#: Changes told in words at the top.
MOST_IMPORTANT = 3


@dataclass(frozen=True)
class Content:
    """Everything that a report shows except its charts.

    Attributes:
        urgent: what is critical or a warning, the most urgent first.
        helpful: what could be better (info).
        fitting: what needs no change (ok).
        services: the evidence, service by service.
    """

    window: str
    source: str
    generated: str
    headline: str
    sureness: str
    policy: Policy
    urgent: tuple[Entry, ...]
    helpful: tuple[Entry, ...]
    fitting: tuple[Entry, ...]
    services: tuple[ServicePart, ...]
    namespaces: tuple[Namespace, ...]
    flags: tuple[tuple[str, str], ...]
    plan: tuple[PlanChange, ...]
    worst_path: WorstPath | None
    withheld: tuple[WithheldKind, ...]
    quality: tuple[Fact, ...]
    advice: Advice
    since: Since | None

    @property
    def changes(self) -> tuple[Entry, ...]:
        """All that changes something, the most urgent first."""
        return (*self.urgent, *self.helpful)

    @property
    def most_important(self) -> tuple[Entry, ...]:
        """The few changes that are told in words."""
        return self.changes[:MOST_IMPORTANT]


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
    spaces, policy = namespaces(snapshot, cubes), policy_of(advice)
    entries = entries_of(advice, policy)
    return Content(
        window=window_text(advice),
        source=source_text(advice),
        generated=time_text(advice.generated_at),
        headline=headline_text(advice),
        sureness=sureness_text(entries),
        policy=policy,
        urgent=tuple(e for e in entries if e.severity in ("critical", "warning")),
        helpful=tuple(e for e in entries if e.severity == "info"),
        fitting=tuple(e for e in entries if e.severity == "ok"),
        services=service_parts(entries, advice.withheld),
        namespaces=spaces,
        flags=flags_seen(spaces),
        plan=advice.plan,
        worst_path=_path(advice),
        withheld=withheld_kinds(advice.withheld),
        quality=quality_facts(advice, snapshot),
        advice=advice,
        since=since(previous, advice, window_text(previous)) if previous is not None else None,
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


def _path(advice: Advice) -> WorstPath | None:
    """The worst path of tries where it is one: a service alone multiplies nothing."""
    path = advice.worst_path
    return path if path is not None and (len(path.targets) > 1 or advice.plan) else None
