"""Template variables: their values asked of a server, and filled into expressions as Grafana does.

Values of variables that offer several are escaped for a regular expression inside a string, twice:
once for the expression, once for the string (Grafana's data source of Prometheus does the same).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from observe.telemetry.client import PrometheusClient

ALL = "$__all"
_LABEL_VALUES = re.compile(r"^label_values\((?:(?P<series>.+),\s*)?(?P<label>\w+)\)\s*$", re.S)
_QUERY_RESULT = re.compile(r"^query_result\((?P<query>.+)\)\s*$", re.S)
_REFERENCE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")
_SPECIAL = re.compile(r"[$^*{}\[\]'+?.()|]")


@dataclass(frozen=True)
class Span:
    """The time range that is drawn, and the distance of points in it.

    Attributes:
        start: first moment.
        end: last moment.
        step_seconds: distance of points.
        scrape_seconds: distance of the data source's samples.
    """

    start: datetime
    end: datetime
    step_seconds: int
    scrape_seconds: int

    def builtins(self) -> dict[str, str]:
        """Grafana's own variables of time."""
        seconds = round((self.end - self.start).total_seconds())
        rate = max(self.step_seconds + self.scrape_seconds, 4 * self.scrape_seconds)
        return {
            "__rate_interval": f"{rate}s",
            "__interval": f"{self.step_seconds}s",
            "__range": f"{seconds}s",
            "__range_s": str(seconds),
        }


def chosen_values(
    dashboard: Mapping[str, Any],
    client: PrometheusClient,
    span: Span,
    chosen: Mapping[str, Sequence[str]],
) -> dict[str, str]:
    """What each variable of a dashboard is filled in with.

    Args:
        dashboard: classic JSON.
        client: the data source.
        span: the range of time that values are looked for in.
        chosen: values by name; "All", or the variable's default, when a name is missing. `["*"]`
            takes the first value that the server has.
    """
    filled = span.builtins()
    for variable in dashboard["templating"]["list"]:
        name, kind = variable["name"], variable["type"]
        if kind == "datasource":
            continue
        wanted = list(chosen.get(name, ()))
        if wanted == ["*"]:
            wanted = list(options(variable, client, span, filled)[:1])
        if wanted:
            filled[name] = _joined(wanted, escape=bool(variable.get("includeAll")))
            continue
        current = variable.get("current", {}).get("value", "")
        filled[name] = variable.get("allValue", ".*") if current == ALL else str(current)
    return filled


def _joined(values: Sequence[str], *, escape: bool) -> str:
    if not escape:
        return values[0].replace("\\", "\\\\")
    escaped = [_SPECIAL.sub(r"\\\\\g<0>", v.replace("\\", "\\\\\\\\")) for v in values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with every variable that has a value."""

    def value(found: re.Match[str]) -> str:
        return values.get(found.group(1) or found.group(2), found.group())

    return _REFERENCE.sub(value, text)


def options(
    variable: Mapping[str, Any],
    client: PrometheusClient,
    span: Span,
    values: Mapping[str, str],
) -> tuple[str, ...]:
    """The values that a variable offers, as its query finds them.

    Raises:
        SourceError: the server did not answer.
        ValueError: a kind of query that is not known.
    """
    if variable["type"] != "query":
        return tuple(str(variable["query"]).split(","))
    query = fill(str(variable["query"]), values)
    if found := _LABEL_VALUES.match(query):
        series = [found["series"]] if found["series"] else []
        start = span.start - timedelta(hours=2)
        return tuple(filter(None, client.label_values(found["label"], series, start, span.end)))
    if found := _QUERY_RESULT.match(query):
        answer = client.instant(found["query"], span.end)
        pattern = str(variable["regex"]).strip("/")
        lines = (
            "{" + ",".join(f'{k}="{v}"' for k, v in sorted(labels.items())) + "} 1"
            for labels in answer.labels
        )
        hits = (re.search(pattern, line) for line in lines)
        return tuple(sorted({hit.group(1) for hit in hits if hit}))
    raise ValueError(f"variable {variable['name']}: {query}")
