"""Timeouts and retries: fields of the http routes of a host's VirtualService."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from observe.durations import in_words, parse_ms
from observe.export.changes import Change, FieldChange
from observe.export.current import Current
from observe.export.decide_fields import (
    Fields,
    after_changes,
    amended,
    decide_fields,
    needs_current,
)
from observe.export.decide_policy import decide_budget
from observe.export.fields import RETRIES, TIMEOUT
from observe.export.merge import Editable, NotEditable, What, editable, problems_after, retry_notes
from observe.export.options import ExportOptions
from observe.export.refusals import Refusal, RefusalReason, Skipped
from observe.export.retries import (
    BASE_BACKOFF_MS,
    DEFAULT_ATTEMPTS,
    as_ms,
    longest_backoff_ms,
)
from observe.recommend.model import AnyRecommendation
from observe.recommend.reasons import Reason

#: (cluster, host) → the timeout that an export sets, in ms.
Timeouts = Mapping[tuple[str | None, str], float]

_ATTEMPTS, _PER_TRY, _BACKOFF = (
    ("retries", name) for name in ("attempts", "perTryTimeout", "backoff")
)


def decide_timeout(
    advice: AnyRecommendation, current: Current | None, options: ExportOptions
) -> tuple[Change, ...] | Refusal | Skipped:
    """What to do about one timeout.

    Raises:
        InputError: a timeout in the advice or in a current file is not a duration.
    """
    place = _place(advice, current, "timeout")
    if isinstance(place, Refusal):
        return place
    fields = decide_fields(advice, TIMEOUT, place.route if place else None, options)
    if place:
        for each in fields.changes:
            fields.notes += retry_notes(place.existing, place.routes, parse_ms(each.after))
    return _decision(advice, place, fields)


def decide_retry(
    advice: AnyRecommendation,
    current: Current | None,
    options: ExportOptions,
    timeouts: Timeouts,
) -> tuple[Change, ...] | Refusal | Skipped:
    """What to do about the retries of one host: of its routes, and their budget.

    Raises:
        InputError: a value in the advice or in a current file cannot be read.
    """
    if Reason.DEFAULT_TRIES_ON_PATH.value in advice.reasons:
        # the attempts are Istio's own: without a word about them they stay, and so does retryOn
        return decide_budget(advice, current, options)
    place = _place(advice, current, "retries")
    if isinstance(place, Refusal):
        return place
    route = place.route if place else {}
    fields = decide_fields(advice, RETRIES, route if place else None, options)
    attempts = after_changes(route, _ATTEMPTS, fields)
    if attempts == 0:
        fields = _without_others(fields, route)
    else:
        timeout = timeouts.get((advice.target.cluster, advice.target.service or ""))
        fields = _fitting(fields, route, timeout or (place.shortest_ms if place else None))
    decision = _decision(advice, place, fields)
    if isinstance(decision, Refusal) or attempts == 0:
        return decision
    return _with_budget(advice, current, options, decision, fields)


def _with_budget(
    advice: AnyRecommendation,
    current: Current | None,
    options: ExportOptions,
    decision: tuple[Change, ...] | Skipped,
    fields: Fields,
) -> tuple[Change, ...] | Refusal | Skipped:
    budget = decide_budget(advice, current, options)
    if isinstance(budget, Refusal):
        if _more_attempts(fields):
            return Refusal(
                advice.id,
                RefusalReason.BUDGET_NOT_WRITTEN,
                f"more retries without the retryBudget that bounds them: {budget.message}",
            )
        note = f"no retryBudget is written: {budget.message}"
        return _noted(decision, note) if isinstance(decision, tuple) else budget
    if isinstance(budget, tuple):
        return (*decision, *budget) if isinstance(decision, tuple) else budget
    if isinstance(decision, tuple) and budget.message:
        return _noted(decision, budget.message)
    return decision


def _noted(changes: tuple[Change, ...], note: str) -> tuple[Change, ...]:
    first, *rest = changes
    return (replace(first, notes=(*first.notes, note)), *rest)


def _more_attempts(fields: Fields) -> bool:
    """Whether requests get more retries than today."""
    for each in fields.changes:
        if each.path == _ATTEMPTS:
            now = DEFAULT_ATTEMPTS if each.before is None else each.before
            return each.after is not None and float(each.after) > float(now)
    return False


def _without_others(fields: Fields, route: Mapping[str, Any]) -> Fields:
    """attempts 0 alone: Istio refuses other fields beside it."""
    kept = [each for each in fields.changes if each.path == _ATTEMPTS]
    there = route.get("retries") or {}
    kept += [
        FieldChange(("retries", name), there[name], None, None)
        for name in there
        if name != "attempts"
    ]
    return Fields(kept, [m for m in fields.moved if m.name == "attempts"], fields.notes)


def _fitting(fields: Fields, route: Mapping[str, Any], timeout_ms: float | None) -> Fields:
    """Without a perTryTimeout whose tries do not fit into the timeout.

    Envoy ignores one that is not below the timeout; tries that do not fit are cut in the middle.
    The tries then share the timeout, which is what they do today.
    """
    written = after_changes(route, _PER_TRY, fields)
    per_try = as_ms(written)
    if per_try is None or timeout_ms is None:
        return fields
    attempts = int(after_changes(route, _ATTEMPTS, fields) or 0)
    base = as_ms(after_changes(route, _BACKOFF, fields)) or BASE_BACKOFF_MS
    needed = (attempts + 1) * per_try + longest_backoff_ms(attempts, base)
    if needed <= timeout_ms:
        return fields
    note = (
        f"perTryTimeout {written} is left out: {attempts + 1} tries with their pauses need "
        f"{in_words(round(needed))}, and the timeout is {in_words(timeout_ms)}"
    )
    if any(each.path == _PER_TRY for each in fields.changes):
        fields = amended(fields, _PER_TRY, None)
    else:
        fields.changes.append(FieldChange(_PER_TRY, str(written), None, str(written), limited=True))
    fields.notes.append(note)
    return fields


def _place(
    advice: AnyRecommendation, current: Current | None, what: What
) -> Editable | Refusal | None:
    """Where the routes of the host are set; None for nowhere."""
    host, namespace = advice.target.service or "", advice.target.namespace
    if current is not None:
        found = current.find(host, namespace, advice.target.cluster)
        place = editable(found, host, namespace, what)
        if isinstance(place, NotEditable):
            return Refusal(advice.id, place.reason, place.message)
        if place is not None:
            return place
    return needs_current(advice, "VirtualService")


def _decision(
    advice: AnyRecommendation, place: Editable | None, fields: Fields
) -> tuple[Change, ...] | Refusal | Skipped:
    host = advice.target.service or ""
    if place is None:
        notes = tuple(fields.notes)
        change = Change(
            advice.id, "VirtualService", "create", host, tuple(fields.changes), advice, notes=notes
        )
        return (change,) if fields.changes else Skipped(advice.id, "; ".join(notes) or "no change")
    label = place.existing.label
    if not fields.changes:
        return Skipped(advice.id, f"{label} already says so")
    if fields.moved:
        message = f"{label} {fields.moved[0]}; run the report again"
        return Refusal(advice.id, RefusalReason.CURRENT_CHANGED, message)
    wrong = problems_after(place.existing, place.routes, fields.changes)
    if wrong:
        message = f"Istio would refuse {label}: {'; '.join(wrong)}"
        return Refusal(advice.id, RefusalReason.INVALID_OBJECT, message)
    return (
        Change(
            id=advice.id,
            kind="VirtualService",
            action="edit",
            host=host,
            fields=tuple(fields.changes),
            advice=advice,
            existing=place.existing,
            routes=place.routes,
            notes=tuple(fields.notes),
        ),
    )
