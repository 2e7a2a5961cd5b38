"""Advice as data frames, with the unit of each number in its column's name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from pydantic import BaseModel

from observe.durations import parse_ms
from observe.errors import InputError
from observe.recommend.base_model import Kind
from observe.recommend.model import Advice, AnyRecommendation, Withheld
from observe.recommend.policy import Policy
from observe.report.kinds import lines_of, now_text
from observe.report.lines import KIND_NAMES

COLUMNS = (
    *("cluster", "namespace", "service", "kind", "severity", "confidence"),
    *("from", "to", "change", "reasons", "message"),
)
WITHHELD = ("cluster", "namespace", "service", "kind", "from", "reason", "message")

#: Units that the documents' fields leave to their descriptions.
_UNITS: Mapping[str, str] = {
    "added_load": "added_load_fraction",
    "added_load_worst_hour": "added_load_worst_hour_fraction",
    "amplification": "tries_per_request",
    "base_high": "base_high_fraction",
    "base_low": "base_low_fraction",
    "busy_hours": "busy_coarse_steps",
    "client_high": "under_way_client_high_requests",
    "client_low": "under_way_client_low_requests",
    "concurrency_client": "under_way_client_requests",
    "concurrency_p999_per_proxy": "under_way_p999_requests",
    "concurrency_server": "under_way_server_requests",
    "coverage": "coverage_fraction",
    "curable_high": "curable_high_fraction",
    "curable_low": "curable_low_fraction",
    "dependence": "dependence_correlation",
    "design_effect": "design_effect_ratio",
    "dispersion": "dispersion_ratio",
    "gauge_max": "gauge_max_requests",
    "hang_holds": "hang_holds_requests",
    "overflows": "overflow_requests",
    "peak_to_capacity": "peak_to_capacity_ratio",
    "quantile": "quantile_fraction",
    "repeat_high": "repeat_high_fraction",
    "repeat_low": "repeat_low_fraction",
    "requests_per_host_per_proxy": "requests_per_second_per_host_per_proxy",
    "server_high": "under_way_server_high_requests",
    "server_low": "under_way_server_low_requests",
    "success_after": "success_after_fraction",
    "success_before": "success_before_fraction",
    "tries": "tries_factor",
}
#: Before a capital, and before the 5 of `5xx`.
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[a-z])(?=[0-9]xx)")


def advice_frame(advice: Advice, policy: Policy, kind: Kind | None = None) -> pd.DataFrame:
    """A row for each recommendation, most urgent first.

    Args:
        advice: what is recommended.
        policy: the policy that it was made with.
        kind: one kind alone, with columns for its numbers; every kind when None.

    Returns:
        :data:`COLUMNS`; of one kind also `current_*` and `proposed_*` (settings; durations in
        ms), the numbers of the evidence, `predicted_*` with `_low` and `_high`, `backtest_*`.
        Shares are fractions (0-1).
    """
    rows = [r for r in advice.recommendations if kind in (None, r.kind)]
    records = [_row(r, policy) | ({} if kind is None else _numbers(r)) for r in rows]
    names = [*COLUMNS, *dict.fromkeys(n for record in records for n in record if n not in COLUMNS)]
    return pd.DataFrame(records, columns=names)


def withheld_frame(advice: Advice, kind: Kind | None = None) -> pd.DataFrame:
    """A row for each recommendation that is withheld; columns :data:`WITHHELD`."""
    rows = [
        {**_about(w), "from": now_text(w), "reason": w.reason, "message": w.message}
        for w in sorted(advice.withheld, key=lambda w: tuple(KIND_NAMES).index(w.kind))
        if kind in (None, w.kind)
    ]
    return pd.DataFrame(rows, columns=list(WITHHELD))


def _about(item: AnyRecommendation | Withheld) -> dict[str, Any]:
    target = item.target
    return {
        "cluster": target.cluster,
        "namespace": target.namespace,
        "service": target.service,
        "kind": item.kind,
    }


def _row(recommendation: AnyRecommendation, policy: Policy) -> dict[str, Any]:
    lines = lines_of(recommendation, policy)
    return {
        **_about(recommendation),
        "severity": recommendation.severity,
        "confidence": recommendation.confidence,
        "from": lines.now,
        "to": lines.proposed,
        "change": lines.action,
        "reasons": ", ".join(recommendation.reasons),
        "message": recommendation.message,
    }


def _numbers(recommendation: AnyRecommendation) -> dict[str, Any]:
    """Settings, evidence, prediction and backtest of one recommendation, flat."""
    current = dict(recommendation.current or {})
    nested = current.pop("outlierDetection", None)
    current |= nested if isinstance(nested, Mapping) else {}
    found = dict(_settings(current, "current_"))
    found |= _settings(recommendation.proposed, "proposed_")
    found |= _fields(recommendation.evidence)
    found |= _fields(recommendation.predicted, "predicted_")
    for field, (low, high) in recommendation.predicted_interval.items():
        name = _named(_snake(field))
        found |= {f"predicted_{name}_low": low, f"predicted_{name}_high": high}
    if recommendation.backtest is not None:
        found |= _fields(recommendation.backtest, "backtest_")
    return found


def _settings(settings: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Settings under snake_case names, nested ones joined; durations as numbers of ms."""
    for field, value in settings.items():
        name = f"{prefix}{_snake(field)}"
        if isinstance(value, Mapping):
            yield from _settings(value, f"{name}_")
        elif (milliseconds := _duration(value)) is not None:
            yield f"{name}_ms", milliseconds
        elif value is not None:
            yield name, value


def _fields(model: BaseModel, prefix: str = "") -> dict[str, Any]:
    """The single numbers and names of a model; intervals as two columns."""
    found: dict[str, Any] = {}
    for field in type(model).model_fields:
        value, name = getattr(model, field), f"{prefix}{_named(field)}"
        if isinstance(value, int | float | str):
            duration = _duration(value)
            found[name if duration is None else f"{name}_ms"] = duration or value
        elif field.endswith("_interval") and value is not None:
            name = f"{prefix}{_named(field.removesuffix('_interval'))}"
            found |= {f"{name}_low": value[0], f"{name}_high": value[1]}
    return found


def _duration(value: object) -> int | None:
    """The ms of an Istio duration; None for anything else."""
    try:
        return parse_ms(value) if isinstance(value, str) else None
    except InputError:
        return None


def _named(field: str) -> str:
    return _UNITS.get(field, field)


def _snake(field: str) -> str:
    """`http2MaxRequests` → `http2_max_requests`."""
    return _HUMP.sub("_", field).lower()
