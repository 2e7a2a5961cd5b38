"""How the outlier detection that is set compares with the one that is proposed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from observe.recommend.base_model import Severity
from observe.recommend.current import CurrentTrafficPolicy
from observe.recommend.outlier_hosts import Replicas, most_ejected
from observe.recommend.outlier_thresholds import Base, Thresholds
from observe.recommend.policy import OutlierPolicy
from observe.recommend.reasons import Reason

#: What Istio takes for fields that a block of outlierDetection leaves out.
DEFAULT_ERRORS, DEFAULT_GATEWAY, DEFAULT_PERCENT = 5, 0, 10
FIELDS = (
    "consecutive5xxErrors",
    "consecutiveGatewayErrors",
    "interval",
    "baseEjectionTime",
    "maxEjectionPercent",
    "minHealthPercent",
)
#: Healthy hosts ejected this many times as often as accepted are a harm, not a flaw.
_HARM = 10.0
#: More errors in a row than this many times the needed ones are slow.
_SLOW = 3.0
_URGENT: Severity = "warning"
_HINT: Severity = "info"
_COUNT = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Judgement:
    """The verdict on what is set today.

    Attributes:
        reason: the code that leads the list of reasons.
        severity: how urgent a change is.
        words: the verdict as a sentence.
        current: the `current` object; None when nothing is known.
        false_ejections: of healthy hosts a week with what is set; None when nothing is.
    """

    reason: Reason
    severity: Severity
    words: str
    current: dict[str, Any] | None
    false_ejections: float | None = None


def current_settings(now: CurrentTrafficPolicy | None, known: bool) -> dict[str, Any] | None:
    """The `current` object: the fields that are written (null: none), and where they stand.

    Args:
        now: the host's traffic policy; None when no object defines one.
        known: whether the settings of the mesh were given at all; None comes back when not.
    """
    if now is None or not now.outlier_detection:
        return {"outlierDetection": None, "source": now.source if now else None} if known else None
    return {"outlierDetection": dict(now.outlier_detection), "source": now.source}


def thresholds_set(written: Mapping[str, Any]) -> Thresholds:
    """Errors in a row of a block, defaults filled in."""
    old = _count(written.get("consecutiveErrors"), DEFAULT_ERRORS)
    return Thresholds(
        _count(written.get("consecutive5xxErrors"), old),
        _count(written.get("consecutiveGatewayErrors"), DEFAULT_GATEWAY),
    )


def judge_outliers(
    now: CurrentTrafficPolicy | None,
    known: bool,
    base: Base,
    proposed: Thresholds,
    replicas: Replicas,
    failed: bool,
    policy: OutlierPolicy,
) -> Judgement:
    """Compare what is set with what is proposed.

    Args:
        now: the host's traffic policy.
        known: whether the settings of the mesh were given at all.
        base: errors of healthy hosts.
        proposed: errors in a row that are proposed.
        replicas: the hosts.
        failed: whether a host was seen to fail alone.
        policy: the knobs.
    """
    settings = current_settings(now, known)
    written = now.outlier_detection if now else {}
    have = thresholds_set(written)
    if not written or (have.errors == 0 and have.gateway == 0):
        return _none_set(settings, known, bool(written), failed)
    percent = _count(written.get("maxEjectionPercent"), DEFAULT_PERCENT)
    false = base.ejections(have.errors, have.gateway, "middle")
    health = _count(written.get("minHealthPercent"), 0)
    verdict = _harm(base, have, false, policy) or _bounds(percent, health, replicas, failed)
    if verdict is None and _fewest(have) > _SLOW * _fewest(proposed):
        words = f"{_fewest(have)} errors in a row are set, and {_fewest(proposed)} are enough."
        verdict = (Reason.OUTLIER_SLOW, "info", words)
    reason, severity, words = verdict or (
        Reason.OUTLIER_FITS,
        "ok",
        "The outlier detection that is set fits.",
    )
    return Judgement(reason, severity, words, settings, false)


_Verdict = tuple[Reason, Severity, str]


def _none_set(
    settings: dict[str, Any] | None, known: bool, switched_off: bool, failed: bool
) -> Judgement:
    severity = _URGENT if failed else _HINT
    if not known:
        words = "What is set is not known."
        return Judgement(Reason.OUTLIER_UNKNOWN, severity, words, settings)
    words = "No outlier detection is set."
    if switched_off:
        words = "The outlier detection that is set is switched off (0 errors in a row)."
    return Judgement(Reason.OUTLIER_NONE_SET, severity, words, settings)


def _harm(base: Base, have: Thresholds, false: float, policy: OutlierPolicy) -> _Verdict | None:
    budget = policy.false_ejections_per_week
    if base.ejections(have.errors, have.gateway, "low") < budget:
        return None
    severity: Severity = "critical" if false >= _HARM * budget else "warning"
    words = (
        f"{_fewest(have)} errors in a row are set, which healthy hosts reach by chance about "
        f"{_times(false)} a week."
    )
    return Reason.OUTLIER_EJECTS_HEALTHY, severity, words


def _bounds(percent: int, health: int, replicas: Replicas, failed: bool) -> _Verdict | None:
    hosts, severity = replicas.fewest, _URGENT if failed else _HINT
    if most_ejected(percent, hosts) == 0:
        words = f"At most {percent} % of {hosts} hosts may be ejected, which is none."
        return Reason.OUTLIER_EJECTS_NOBODY, severity, words
    if 100 * (hosts - 1) < health * hosts:
        words = (
            f"With one of {hosts} hosts ejected fewer than minHealthPercent ({health} %) are left, "
            "so that it is used all the same."
        )
        return Reason.OUTLIER_EJECTS_NOBODY, severity, words
    if most_ejected(percent, replicas.usual) >= replicas.usual:
        words = f"{percent} % allows all {replicas.usual} hosts to be ejected at once."
        return Reason.OUTLIER_EJECTS_EVERYBODY, "warning", words
    return None


def _fewest(have: Thresholds) -> int:
    """Errors in a row that eject first."""
    return min(k for k in (have.errors, have.gateway) if k > 0)


def _times(number: float) -> str:
    return f"{number:,.0f} times" if number >= 1.5 else "once"


def _count(value: object, default: int) -> int:
    """A count as YAML or a wrapped value gives it; the default where there is none to be read."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if _COUNT.fullmatch(text) else default
