"""Panels' queries, asked of a server as a Grafana would ask them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from observe.errors import SourceError
from observe.grafana.preview.variables import Span, fill
from observe.telemetry.client import PrometheusClient

Panel = Mapping[str, Any]


@dataclass(frozen=True)
class Series:
    """One series of an answer.

    Attributes:
        name: as the legend says it.
        labels: its labels.
        times: shape (T,), Unix seconds; one moment for an instant query.
        values: shape (T,), NaN where there is no sample.
    """

    name: str
    labels: Mapping[str, str]
    times: NDArray[np.float64]
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Answer:
    """What one query of a panel found.

    Attributes:
        letter: `refId` of the query.
        expression: as it was sent.
        series: what came back, in the server's order.
        error: why there is nothing, as the server says; empty when it answered.
    """

    letter: str
    expression: str
    series: tuple[Series, ...]
    error: str = ""


def panels(dashboard: Mapping[str, Any]) -> Iterator[Panel]:
    """All panels, those of folded rows included; no rows."""
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", ())


def ask(
    panel: Panel, client: PrometheusClient, span: Span, values: Mapping[str, str]
) -> tuple[Answer, ...]:
    """All queries of a panel; one that is refused says so and does not stop the others."""
    return tuple(_ask_one(target, client, span, values) for target in panel.get("targets", ()))


def _ask_one(
    target: Mapping[str, Any], client: PrometheusClient, span: Span, values: Mapping[str, str]
) -> Answer:
    expression = fill(target["expr"], values)
    try:
        if target.get("instant"):
            result = client.instant(expression, span.end)
            grid = np.array([span.end.timestamp()])
            table = result.values[np.argsort(result.series, kind="stable")][:, None]
        else:
            result = client.range(expression, span.start, span.end, span.step_seconds)
            first, step = round(span.start.timestamp() * 1000), span.step_seconds * 1000
            points = round((span.end - span.start).total_seconds()) // span.step_seconds + 1
            table = result.dense(first, step, points)
            grid = first / 1000 + np.arange(points) * float(span.step_seconds)
    except SourceError as error:
        return Answer(target["refId"], expression, (), str(error))
    found = (
        Series(legend(target, labels), labels, grid, row)
        for labels, row in zip(result.labels, table, strict=True)
    )
    return Answer(target["refId"], expression, tuple(found))


def legend(target: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """The name of a series: `{{label}}` filled in, or the labels themselves."""
    form = target.get("legendFormat", "")
    if form in ("", "__auto"):
        inside = ", ".join(f'{k}="{v}"' for k, v in sorted(labels.items()) if k != "__name__")
        if len(labels) == 1:
            return next(iter(labels.values()))
        return f"{{{inside}}}" if inside else "Value"
    for label in set(_braced(form)):
        form = form.replace(f"{{{{{label}}}}}", labels.get(label, ""))
    return str(form).strip()


def _braced(form: str) -> Iterator[str]:
    for part in form.split("{{")[1:]:
        yield part.partition("}}")[0]
