"""Recommendations of all kinds, sorted by urgency and gathered service by service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from observe.recommend.base_model import SEVERITIES, Kind, Severity
from observe.recommend.model import Advice, AnyRecommendation, Withheld
from observe.recommend.policy import Policy
from observe.report.kinds import lines_of
from observe.report.lines import KIND_NAMES, Lines
from observe.report.reason_words import ReasonWords, reason_words
from observe.target import Target

_KINDS = tuple(KIND_NAMES)


@dataclass(frozen=True)
class Entry:
    """A recommendation with its words.

    Attributes:
        anchor: id of the place in the page where its evidence stands.
    """

    recommendation: AnyRecommendation
    lines: Lines
    anchor: str

    @property
    def name(self) -> str:
        """What the kind is called."""
        return KIND_NAMES[self.recommendation.kind]

    @property
    def severity(self) -> Severity:
        """How urgent it is."""
        return self.recommendation.severity


@dataclass(frozen=True)
class ServicePart:
    """All advice of one service: its entries, and what is withheld of it."""

    target: Target
    entries: tuple[Entry, ...]
    withheld: tuple[Withheld, ...]

    @property
    def severity(self) -> Severity:
        """That of its most urgent entry."""
        return max((entry.severity for entry in self.entries), key=SEVERITIES.index)


@dataclass(frozen=True)
class WithheldGroup:
    """Targets that are withheld for the same reason."""

    code: str
    words: ReasonWords
    targets: tuple[Withheld, ...]


@dataclass(frozen=True)
class WithheldKind:
    """What is withheld of one kind, the most frequent reason first."""

    name: str
    groups: tuple[WithheldGroup, ...]

    @property
    def number(self) -> int:
        """Targets of all groups."""
        return sum(len(group.targets) for group in self.groups)


def entries_of(advice: Advice, policy: Policy) -> tuple[Entry, ...]:
    """All recommendations, the most urgent first; among equals the order of the advice stays."""
    ordered = sorted(advice.recommendations, key=lambda r: -SEVERITIES.index(r.severity))
    return tuple(Entry(r, lines_of(r, policy), f"r{i}") for i, r in enumerate(ordered, 1))


def service_parts(
    entries: Iterable[Entry], withheld: Iterable[Withheld]
) -> tuple[ServicePart, ...]:
    """One part a service that has a recommendation, the most urgent first."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.recommendation.target.path, []).append(entry)
    kept: dict[str, list[Withheld]] = {path: [] for path in found}
    for item in withheld:
        if item.target.path in kept:
            kept[item.target.path].append(item)
    return tuple(
        ServicePart(
            target=part[0].recommendation.target,
            entries=tuple(sorted(part, key=lambda e: _KINDS.index(e.recommendation.kind))),
            withheld=tuple(sorted(kept[path], key=lambda w: _KINDS.index(w.kind))),
        )
        for path, part in found.items()
    )


def withheld_kinds(withheld: Sequence[Withheld]) -> tuple[WithheldKind, ...]:
    """What is withheld, by kind and reason."""
    return tuple(
        WithheldKind(KIND_NAMES[kind], _by_reason([w for w in withheld if w.kind == kind]))
        for kind in _KINDS
        if any(w.kind == kind for w in withheld)
    )


def _by_reason(withheld: Sequence[Withheld]) -> tuple[WithheldGroup, ...]:
    codes = dict.fromkeys(w.reason for w in withheld)
    groups = [
        WithheldGroup(code, reason_words(code), tuple(w for w in withheld if w.reason == code))
        for code in codes
    ]
    return tuple(sorted(groups, key=lambda group: -len(group.targets)))


def kinds_in(items: Iterable[AnyRecommendation | Withheld]) -> tuple[Kind, ...]:
    """The kinds that occur, in the order in which they are told."""
    found = {item.kind for item in items}
    return tuple(kind for kind in _KINDS if kind in found)
