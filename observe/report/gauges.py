"""recommendations.prom: what is proposed, as gauges for node exporter's textfile collector.

Names, labels and units stand in docs/dashboards.md, "Recommendations beside usage".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from observe.durations import parse_ms
from observe.errors import InputError
from observe.exposition import series_text
from observe.recommend.base_model import SEVERITIES
from observe.recommend.model import Advice, AnyRecommendation

NAME = "observe_recommendation"
CURRENT = f"{NAME}_current"
SEVERITY = f"{NAME}_severity"
GENERATED = "observe_report_generated_timestamp_seconds"

_HELP: Mapping[str, str] = {
    NAME: "What is proposed for a setting: durations in seconds, all else in the setting's own "
    "unit. The last two labels say which setting of what kind.",
    CURRENT: "What is set today, alike; absent where nothing is set or known.",
    SEVERITY: "How urgent a change is: 0 ok, 1 info, 2 warning, 3 critical.",
    GENERATED: "When the telemetry of the report was collected, in seconds since 1970.",
}


def recommendations_prom(advice: Advice) -> str:
    """All recommendations in Prometheus's text format.

    One gauge for each field of `proposed` that is a number or a duration (in seconds), nested
    fields joined by a dot; what is text (`retryOn`), or to be removed, has none. The same of
    `current`, as far as it uses the same fields.
    """
    recommendations = sorted(advice.recommendations, key=lambda r: r.id)
    proposed = (line for r in recommendations for line in _settings(NAME, r, r.proposed))
    current = (line for r in recommendations for line in _settings(CURRENT, r, _current(r)))
    severity = (
        _line(SEVERITY, _labels(r), float(SEVERITIES.index(r.severity))) for r in recommendations
    )
    generated = _line(GENERATED, {}, advice.generated_at.timestamp())
    families = ((NAME, proposed), (CURRENT, current), (SEVERITY, severity))
    return "".join(_family(name, lines) for name, lines in (*families, (GENERATED, [generated])))


def _family(name: str, lines: Iterable[str]) -> str:
    """The lines of one metric under its head; nothing without lines."""
    # The same series twice would make a collector refuse the whole file.
    by_series = {line.rpartition(" ")[0]: line for line in lines}
    text = "".join(by_series.values())
    return f"# HELP {name} {_HELP[name]}\n# TYPE {name} gauge\n{text}" if text else ""


def _settings(
    name: str, recommendation: AnyRecommendation, settings: Mapping[str, Any]
) -> Iterator[str]:
    labels = _labels(recommendation)
    for setting, value in _numbers(settings):
        yield _line(name, labels | {"setting": setting}, value)


def _labels(recommendation: AnyRecommendation) -> dict[str, str]:
    target = recommendation.target
    named = {
        "cluster": target.cluster,
        "namespace": target.namespace,
        "service": target.service,
        "workload": target.workload,
        "container": target.container,
        "kind": recommendation.kind,
    }
    return {label: value for label, value in named.items() if value}


def _current(recommendation: AnyRecommendation) -> Mapping[str, Any]:
    """What is set, in the fields that are proposed."""
    current = recommendation.current or {}
    nested = current.get("outlierDetection")
    if isinstance(nested, Mapping):
        current = {**current, **nested}
    return {field: current.get(field) for field in recommendation.proposed}


def _numbers(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Fields that have a number, depth first; durations in seconds."""
    for field, value in settings.items():
        name = f"{prefix}{field}"
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{name}.")
            continue
        number = _number(value)
        if number is not None:
            yield name, number


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    try:
        return parse_ms(value) / 1000.0 if isinstance(value, str) else None
    except InputError:
        return None


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    return f"{series_text({'__name__': name, **labels})} {value!r}\n"
