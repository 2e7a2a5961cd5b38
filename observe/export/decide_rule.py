"""What all blocks of a DestinationRule have in common: where they stand, what may be written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from observe.errors import InputError
from observe.export.changes import Change
from observe.export.current import Current
from observe.export.decide_fields import Fields, decide_fields, needs_current
from observe.export.fields import Field
from observe.export.merge_rule import NoRule, RuleToEdit, rule_to_edit
from observe.export.options import ExportOptions
from observe.export.refusals import Refusal, RefusalReason, Skipped
from observe.export.validate_rule import rule_problems_after
from observe.recommend.model import AnyRecommendation

Decision = tuple[Change, ...] | Refusal | Skipped


def rule_place(
    advice: AnyRecommendation, current: Current | None, block: str, *, needed: bool = True
) -> RuleToEdit | Refusal | None:
    """The DestinationRule to edit; None where there is none and a new one is free to be made."""
    host, namespace = advice.target.service or "", advice.target.namespace
    if current is not None:
        found = current.find_rules(host, namespace, advice.target.cluster)
        place = rule_to_edit(found, host, namespace, block)
        if isinstance(place, NoRule):
            return Refusal(advice.id, place.reason, place.message)
        if place is not None:
            return place
        subsets = current.subsets_named(host, namespace, advice.target.cluster)
        if subsets:
            return Refusal(
                advice.id,
                RefusalReason.CURRENT_NEEDED,
                f"a VirtualService routes to subset {', '.join(subsets)} of {host}, and the "
                "DestinationRule that defines it was not given with --current",
            )
    return needs_current(advice, "DestinationRule") if needed else None


def rule_fields(
    advice: AnyRecommendation,
    fields: tuple[Field, ...],
    place: RuleToEdit | None,
    options: ExportOptions,
) -> Fields | Refusal:
    """What becomes of the fields; a refusal where the file holds a value that cannot be read."""
    try:
        return decide_fields(advice, fields, policy_of(place), options)
    except InputError as error:
        if place is None:
            raise
        message = f"{place.existing.label}: {error.message}"
        return Refusal(advice.id, RefusalReason.INVALID_OBJECT, message)


def policy_of(place: RuleToEdit | None) -> Mapping[str, Any] | None:
    """The trafficPolicy that is there; None for a new object."""
    return place.existing.policy if place else None


def rule_decision(advice: AnyRecommendation, place: RuleToEdit | None, fields: Fields) -> Decision:
    """The change that writes the fields, or why there is none."""
    host = advice.target.service or ""
    if not fields.changes:
        notes = "; ".join(fields.notes)
        return Skipped(advice.id, notes or _says_so(place))
    if place is not None and fields.moved:
        return Refusal(
            advice.id,
            RefusalReason.CURRENT_CHANGED,
            f"{place.existing.label} {fields.moved[0]}; run the report again",
        )
    wrong = rule_problems_after(place.existing, fields.changes) if place else []
    if place is not None and wrong:
        return Refusal(
            advice.id,
            RefusalReason.INVALID_OBJECT,
            f"Istio would refuse {place.existing.label}: {'; '.join(wrong)}",
        )
    return (
        Change(
            id=advice.id,
            kind="DestinationRule",
            action="edit" if place else "create",
            host=host,
            fields=tuple(fields.changes),
            advice=advice,
            existing=place.existing if place else None,
            notes=(*fields.notes, *(place.notes if place else ())),
        ),
    )


def _says_so(place: RuleToEdit | None) -> str:
    return f"{place.existing.label} already says so" if place else "nothing is proposed"
