"""Outlier detection: a block of a host's DestinationRule, whose fields have to suit one another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from observe.export.changes import Scalar
from observe.export.current import Current
from observe.export.decide_fields import Fields, after_changes, amended
from observe.export.decide_rule import Decision, policy_of, rule_decision, rule_fields, rule_place
from observe.export.fields import OUTLIER
from observe.export.options import ExportOptions
from observe.export.refusals import Refusal
from observe.recommend.model import AnyRecommendation
from observe.recommend.outlier_model import OutlierRecommendation

_EJECT = ("outlierDetection", "maxEjectionPercent")
_HEALTH = ("outlierDetection", "minHealthPercent")
_FIVE = ("outlierDetection", "consecutive5xxErrors")
_GATEWAY = ("outlierDetection", "consecutiveGatewayErrors")


def decide_outlier(
    advice: AnyRecommendation, current: Current | None, options: ExportOptions
) -> Decision:
    """What to do about one outlier detection.

    Raises:
        InputError: a value in the advice or in a current file cannot be read.
    """
    place = rule_place(advice, current, "outlierDetection")
    if isinstance(place, Refusal):
        return place
    fields = rule_fields(advice, OUTLIER, place, options)
    if isinstance(fields, Refusal):
        return fields
    return rule_decision(advice, place, _sound(fields, policy_of(place), advice))


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


def _number(value: Scalar | None) -> float:
    return 0.0 if value is None or isinstance(value, str) else float(value)


def _whole(value: float) -> Scalar:
    return int(value) if value.is_integer() else value
