"""One recommendation against what is there: a change, a refusal, or nothing to do."""

from __future__ import annotations

import math

from observe.durations import format_ms, in_words, parse_ms, shown
from observe.errors import InputError
from observe.export.changes import Change, Refusal, RefusalReason, Skipped
from observe.export.current import Current
from observe.export.hosts import is_domain, is_label
from observe.export.merge import Editable, NotEditable, editable, problems_after, retry_notes
from observe.export.options import ExportOptions
from observe.recommend.timeout_model import TimeoutRecommendation

#: Two timeouts this close (milliseconds) are one: rounding to whole milliseconds.
_SAME_MS = 1.0


def bounded(proposed_ms: int, before_ms: float | None, max_change: float) -> int:
    """A proposal, limited to one step from what is set.

    Args:
        proposed_ms: what is asked for.
        before_ms: what is set; None for nothing, which limits nothing.
        max_change: the factor of a step, above 1.
    """
    if before_ms is None:
        return proposed_ms
    lowest = math.ceil(before_ms / max_change)
    highest = max(1, math.floor(before_ms * max_change))
    return min(max(proposed_ms, lowest), highest)


def decide(
    advice: TimeoutRecommendation, current: Current | None, options: ExportOptions
) -> Change | Refusal | Skipped:
    """What to do about one timeout.

    Raises:
        InputError: a timeout in the advice or in a current file is not a duration.
    """
    host, namespace = advice.target.service or "", advice.target.namespace
    if not (is_domain(host) and "." in host and is_label(namespace)):
        return Refusal(
            advice.id,
            RefusalReason.NOT_A_SERVICE,
            f"{shown(host)} in namespace {shown(namespace)} is not a service that can be named",
        )
    if current is None:
        return _needs_current(advice, host) or _create(advice, host)
    found = current.find(host, namespace, advice.target.cluster)
    place = editable(found, host, namespace)
    if isinstance(place, NotEditable):
        return Refusal(advice.id, place.reason, place.message)
    if place is not None:
        return _edit(advice, host, place, options)
    return _needs_current(advice, host) or _create(advice, host)


def _needs_current(advice: TimeoutRecommendation, host: str) -> Refusal | None:
    """A refusal when the advice knows of an object for the host that was not given."""
    if not (advice.current or {}).get("source"):
        return None
    return Refusal(
        advice.id,
        RefusalReason.CURRENT_NEEDED,
        f"a VirtualService with {_words(advised_ms(advice))} defined {host} when the advice was "
        "made; pass the folder that holds it with --current",
    )


def proposed_ms(advice: TimeoutRecommendation) -> int:
    """The timeout that is proposed, in whole milliseconds.

    Raises:
        InputError: it is missing or not a duration.
    """
    try:
        return parse_ms(advice.proposed.get("timeout"))
    except InputError as error:
        raise InputError(f"{shown(advice.id)}: {error.message}", error.hint) from error


def advised_ms(advice: TimeoutRecommendation) -> int | None:
    """The timeout that was set when the advice was made; None for none.

    Raises:
        InputError: it is not a duration.
    """
    written = (advice.current or {}).get("timeout")
    if written is None:
        return None
    try:
        return parse_ms(written)
    except InputError as error:
        raise InputError(f"{shown(advice.id)}: {error.message}", error.hint) from error


def _create(advice: TimeoutRecommendation, host: str) -> Change:
    wanted = proposed_ms(advice)
    return Change(advice.id, "create", host, None, wanted, wanted, advice)


def _edit(
    advice: TimeoutRecommendation, host: str, place: Editable, options: ExportOptions
) -> Change | Refusal | Skipped:
    wanted, advised, before = proposed_ms(advice), advised_ms(advice), place.timeout_ms
    # A step is counted from what the advice was made for, so that exporting twice is one step.
    target = bounded(wanted, advised or before, options.max_change)
    if before is not None and before == target:
        return Skipped(advice.id, f"{place.existing.label} already says {format_ms(target)}")
    if advice.current is not None and not _same(before, advised):
        return Refusal(
            advice.id,
            RefusalReason.CURRENT_CHANGED,
            f"{place.existing.label} has {_words(before)}, but the advice was made for "
            f"{_words(advised)}; run the report again",
        )
    wrong = problems_after(place.existing, place.routes, target)
    if wrong:
        return Refusal(
            advice.id,
            RefusalReason.INVALID_OBJECT,
            f"Istio would refuse {place.existing.label}: {'; '.join(wrong)}",
        )
    notes = retry_notes(place.existing, place.routes, target)
    return Change(
        id=advice.id,
        action="edit",
        host=host,
        before_ms=before,
        after_ms=target,
        proposed_ms=wanted,
        advice=advice,
        existing=place.existing,
        routes=place.routes,
        notes=tuple(notes),
    )


def _same(before: float | None, advised: int | None) -> bool:
    if before is None or advised is None:
        return before is advised
    return abs(before - advised) <= _SAME_MS


def _words(milliseconds: float | None) -> str:
    return "no timeout" if milliseconds is None else f"a timeout of {in_words(milliseconds)}"
