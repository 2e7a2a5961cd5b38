"""The fields of one recommendation against the block that is there: what changes, and how far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from observe.durations import format_ms, parse_ms
from observe.errors import InputError
from observe.export.changes import FieldChange, Scalar
from observe.export.fields import ABSENT, Field, value_at
from observe.export.options import ExportOptions
from observe.export.refusals import Refusal, RefusalReason
from observe.export.steps import same, step
from observe.recommend.model import AnyRecommendation


@dataclass(frozen=True)
class Moved:
    """A field whose value in the file is not the one that the advice was made for."""

    name: str
    there: Scalar | None
    advised: Scalar | None

    def __str__(self) -> str:
        return f"has {_said(self.name, self.there)}, but the advice was made for " + _said(
            self.name, self.advised
        )


@dataclass
class Fields:
    """What becomes of the fields.

    Attributes:
        changes: those that change.
        moved: those that changed since the advice was made.
        notes: what a reader should know besides.
    """

    changes: list[FieldChange] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def decide_fields(
    advice: AnyRecommendation,
    fields: Iterable[Field],
    there: Mapping[str, Any] | None,
    options: ExportOptions,
) -> Fields:
    """What changes of some fields.

    A step is counted from what the advice was made for, so that exporting twice is one step.

    Args:
        advice: the recommendation.
        fields: the fields that stand in one object.
        there: what `Field.path` goes down from: a route, a trafficPolicy; None for a new object.
        options: how far to go, and for which release.

    Raises:
        InputError: a value in the advice or in a file cannot be read.
    """
    out = Fields()
    for each in fields:
        proposed = value_at(advice.proposed, each.keys)
        if proposed is ABSENT:
            continue
        if proposed is not None and options.lacks(each.since):
            out.notes.append(_too_new(each, options))
            continue
        before = _set(value_at(there, each.path), each)
        said = _advised(advice, each)
        known = said is not ABSENT and there is not None
        advised = before if said is ABSENT else _set(said, each)
        wanted = _written(each, proposed)
        after = step(each, wanted, advised, options.max_change)
        if _nothing_changes(each, before, after):
            continue
        if known and not same(each, before, advised):
            out.moved.append(Moved(each.path[-1], before, advised))
        limited = not same(each, after, wanted)
        out.changes.append(FieldChange(each.path, before, after, wanted, limited))
    out.notes = list(dict.fromkeys(out.notes))
    return out


def _advised(advice: AnyRecommendation, each: Field) -> Any:
    """What was set when the advice was made, which tells it flat or as the object holds it."""
    flat = value_at(advice.current, each.keys)
    return value_at(advice.current, each.path) if flat is ABSENT else flat


def _nothing_changes(each: Field, before: Scalar | None, after: Scalar | None) -> bool:
    """Whether the file says it already; attempts that are left to a default are written out."""
    if (before is None) != (after is None):
        return False
    return same(each, before, after)


def _set(value: Any, each: Field) -> Scalar | None:
    """A value as it is set; None where nothing is, and for a duration of 0, which is none."""
    if value is ABSENT or value is None:
        return None
    if each.measure == "duration" and value in ("0s", "0", "0ms"):
        return None
    found: Scalar = value
    return found


def _written(each: Field, proposed: Any) -> Scalar | None:
    """A proposed value as it is written: durations in their shortest form, whole numbers whole.

    Raises:
        InputError: a duration is none.
    """
    if proposed is None:
        return None
    if each.measure == "duration":
        try:
            return format_ms(parse_ms(proposed))
        except InputError as error:
            raise InputError(f"{each.keys[-1]}: {error.message}", error.hint) from error
    if isinstance(proposed, float) and proposed.is_integer():
        return int(proposed)
    found: Scalar = proposed
    return found


def _too_new(each: Field, options: ExportOptions) -> str:
    assert each.since is not None  # noqa: S101 (for the type checker; `lacks` asked)
    name = each.path[0] if each.path[0] == "retryBudget" else each.path[-1]
    return (
        f"{name} is left out: it exists since Istio {each.since[0]}.{each.since[1]}, and "
        f"{options.istio_version} is asked for"
    )


def _said(name: str, value: Scalar | None) -> str:
    return f"no {name}" if value is None else f"{name} {value}"


def after_changes(there: Mapping[str, Any] | None, path: tuple[str, ...], fields: Fields) -> Any:
    """The value at a path once the changes are made; None for nothing."""
    for change in fields.changes:
        if change.path == path:
            return change.after
    found = value_at(there, path)
    return None if found is ABSENT else found


def amended(fields: Fields, path: tuple[str, ...], after: Scalar | None) -> Fields:
    """The same with another value for a field that changes."""
    changed = [
        replace(c, after=after, limited=True) if c.path == path else c for c in fields.changes
    ]
    return Fields([c for c in changed if c.before != c.after], fields.moved, fields.notes)


def needs_current(advice: AnyRecommendation, kind: str) -> Refusal | None:
    """A refusal when the advice knows of an object for the host that was not given."""
    said = advice.current or {}
    if not said.get("source"):
        return None
    values = ", ".join(f"{k} {v}" for k, v in said.items() if k != "source" and v is not None)
    return Refusal(
        advice.id,
        RefusalReason.CURRENT_NEEDED,
        f"a {kind} with {values or 'nothing set'} was for {advice.target.service} when the "
        "advice was made; pass the folder that holds it with --current",
    )
