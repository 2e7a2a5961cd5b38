"""Retry budgets, connection pools and outlier detection: blocks of a host's DestinationRule."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from observe.errors import InputError
from observe.export.changes import Change, Scalar
from observe.export.current import Current
from observe.export.decide_fields import (
    Fields,
    after_changes,
    amended,
    decide_fields,
    needs_current,
)
from observe.export.decide_sidecar import decide_inbound
from observe.export.existing_destinationrule import ExistingDestinationRule
from observe.export.fields import BUDGET, OUTLIER, POOL, Field
from observe.export.merge_rule import NoRule, RuleToEdit, rule_to_edit
from observe.export.options import ExportOptions
from observe.export.refusals import Refusal, RefusalReason, Skipped
from observe.export.releases import refuses_budget_alone, subsets_lose_budget
from observe.export.validate_rule import rule_problems_after
from observe.recommend.model import AnyRecommendation
from observe.recommend.outlier_model import OutlierRecommendation

_EJECT = ("outlierDetection", "maxEjectionPercent")
_HEALTH = ("outlierDetection", "minHealthPercent")
_FIVE = ("outlierDetection", "consecutive5xxErrors")
_GATEWAY = ("outlierDetection", "consecutiveGatewayErrors")

Decision = tuple[Change, ...] | Refusal | Skipped


def decide_pool(
    advice: AnyRecommendation, current: Current | None, options: ExportOptions
) -> Decision:
    """What to do about one connection pool, of the clients and of the servers.

    Raises:
        InputError: a value in the advice or in a current file cannot be read.
    """
    place = _place(advice, current, "connectionPool")
    if isinstance(place, Refusal):
        return place
    inbound = decide_inbound(advice, current, options)
    notes: list[str] = []
    if isinstance(inbound, Refusal):
        advice, notes = _larger_need(advice, inbound.message)
        inbound = ()
    fields = _fields(advice, POOL, place, options)
    if isinstance(fields, Refusal):
        return fields
    fields.notes += notes
    clients = _decision(advice, place, fields)
    if isinstance(clients, Refusal) or not isinstance(inbound, tuple):
        return clients
    return (*clients, *inbound) if isinstance(clients, tuple) else inbound or clients


def _larger_need(advice: AnyRecommendation, why: str) -> tuple[AnyRecommendation, list[str]]:
    """One limit for clients and servers, as Istio applies it to both.

    A server's sidecar must not be held to what one client needs.
    """
    servers = advice.proposed.get("inboundConnectionPool") or {}
    larger: dict[str, Any] = {
        name: value for name, value in advice.proposed.items() if name != "inboundConnectionPool"
    }
    raised = [
        name
        for name, value in servers.items()
        if isinstance(larger.get(name), int) and value is not None and value > larger[name]
    ]
    larger |= {name: servers[name] for name in raised}
    said = ", ".join(f"{name} {larger[name]}" for name in raised)
    note = "the servers' own limits are not written: " + why
    note += f"; {said} is what the servers need" if raised else ""
    return advice.model_copy(update={"proposed": larger}), [note]


def decide_outlier(
    advice: AnyRecommendation, current: Current | None, options: ExportOptions
) -> Decision:
    """What to do about one outlier detection.

    Raises:
        InputError: a value in the advice or in a current file cannot be read.
    """
    place = _place(advice, current, "outlierDetection")
    if isinstance(place, Refusal):
        return place
    fields = _fields(advice, OUTLIER, place, options)
    if isinstance(fields, Refusal):
        return fields
    return _decision(advice, place, _sound(fields, _policy(place), advice))


def _sound(fields: Fields, policy: Mapping[str, Any] | None, advice: AnyRecommendation) -> Fields:
    """Steps that make sense together.

    A percent below one host ejects nobody; a minimum of healthy hosts above what ejection leaves
    brings ejected hosts back; gateway errors only count below the other threshold.
    """
    hosts = advice.evidence.hosts if isinstance(advice, OutlierRecommendation) else None
    limited = {each.path: each for each in fields.changes if each.limited}
    if _EJECT in limited and hosts:
        wanted, one = limited[_EJECT].proposed, math.ceil(100 / hosts)
        if _number(wanted) >= one > _number(limited[_EJECT].after):
            fields = amended(fields, _EJECT, one)
    if _HEALTH in limited:
        left = 100 - _number(after_changes(policy, _EJECT, fields) or 10)
        wanted_health = limited[_HEALTH].proposed
        most = max(left, _number(wanted_health))
        if _number(limited[_HEALTH].after) > most:
            fields = amended(fields, _HEALTH, _whole(most))
    five = _number(after_changes(policy, _FIVE, fields) or 0)
    gateway = _number(after_changes(policy, _GATEWAY, fields) or 0)
    if 0 < five <= gateway and (_FIVE in limited or _GATEWAY in limited):
        for path in (_FIVE, _GATEWAY):
            if path in limited:
                fields = amended(fields, path, limited[path].proposed)
    return fields


def decide_budget(
    advice: AnyRecommendation, current: Current | None, options: ExportOptions
) -> Decision:
    """What to do about the budget of one host's retries.

    Raises:
        InputError: a value in the advice or in a current file cannot be read.
    """
    if not advice.proposed.get("retryBudget"):
        return Skipped(advice.id, "")
    place = _place(advice, current, "retryBudget", needed=False)
    if isinstance(place, Refusal):
        return place
    fields = _fields(advice, BUDGET, place, options)
    if isinstance(fields, Refusal):
        return fields
    rule = place.existing if place else None
    lost = _budget_is_lost(rule, options)
    if fields.notes or lost or not fields.changes:
        return Skipped(advice.id, "; ".join([*fields.notes, *([lost] if lost else [])]))
    return _decision(advice, place, fields)


def _budget_is_lost(rule: ExistingDestinationRule | None, options: ExportOptions) -> str:
    """Why a release would refuse or drop the budget; "" where it does not."""
    release = options.release
    policy = rule.policy if rule else {}
    if refuses_budget_alone(release) and not policy.keys() - {"retryBudget"}:
        return "retryBudget is left out: Istio 1.27.0 refuses a trafficPolicy of nothing else"
    named = [name for name, _ in rule.subsets_with_policy()] if rule else []
    if release is not None and named and subsets_lose_budget(release):
        return (
            f"retryBudget is left out: Istio {release} drops it for subsets with a policy of "
            f"their own ({', '.join(named)})"
        )
    return ""


def _place(
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
    return needs_current(advice, "DestinationRule") if needed else None


def _fields(
    advice: AnyRecommendation,
    fields: tuple[Field, ...],
    place: RuleToEdit | None,
    options: ExportOptions,
) -> Fields | Refusal:
    """What becomes of the fields; a refusal where the file holds a value that cannot be read."""
    try:
        return decide_fields(advice, fields, _policy(place), options)
    except InputError as error:
        if place is None:
            raise
        message = f"{place.existing.label}: {error.message}"
        return Refusal(advice.id, RefusalReason.INVALID_OBJECT, message)


def _policy(place: RuleToEdit | None) -> Mapping[str, Any] | None:
    return place.existing.policy if place else None


def _decision(advice: AnyRecommendation, place: RuleToEdit | None, fields: Fields) -> Decision:
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


def _number(value: Scalar | None) -> float:
    return 0.0 if value is None or isinstance(value, str) else float(value)


def _whole(value: float) -> Scalar:
    return int(value) if value.is_integer() else value
