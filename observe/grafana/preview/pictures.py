"""A picture of each dashboard into a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from observe.errors import OutputError
from observe.grafana.preview.page import draw
from observe.grafana.preview.theme import THEMES
from observe.grafana.preview.variables import Span, chosen_values
from observe.telemetry.client import PrometheusClient

#: Points of a line: about as many as a panel of a third of the page has pixels for.
POINTS = 240


@dataclass(frozen=True)
class Picture:
    """A drawn dashboard; `empty` are the titles of panels without data."""

    path: Path
    empty: tuple[str, ...]


def step_for(seconds: float, scrape_seconds: int) -> int:
    """Distance of points in a range of this length: whole scrapes, as Grafana takes them."""
    return max(scrape_seconds, round(seconds / POINTS / scrape_seconds) * scrape_seconds)


def draw_all(
    dashboards: Mapping[str, Mapping[str, Any]],
    client: PrometheusClient,
    span: Span,
    folder: Path,
    *,
    chosen: Mapping[str, Sequence[str]] | None = None,
    theme: str = "dark",
    unfold: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Picture]:
    """Draw dashboards as PNG.

    Args:
        dashboards: file name → classic JSON.
        client: where queries are asked.
        span: what is drawn.
        folder: made when it is absent; each picture appears there whole or not at all.
        chosen: values of variables by name; All, or the default, for others.
        theme: "dark" or "light".
        unfold: draw folded rows open.
        on_progress: called with pictures done and pictures in all.

    Raises:
        SourceError: the values of a variable could not be asked for.
        OutputError: the folder cannot be written.
    """
    pictures = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, (name, dashboard) in enumerate(dashboards.items(), 1):
            path = folder / f"{Path(name).stem}.png"
            beside = path.with_suffix(".part.png")
            values = chosen_values(dashboard, client, span, chosen or {})
            try:
                empty = draw(
                    dashboard, client, span, values, beside, theme=THEMES[theme], unfold=unfold
                )
                beside.replace(path)
            finally:
                beside.unlink(missing_ok=True)
            pictures.append(Picture(path, tuple(empty)))
            if on_progress is not None:
                on_progress(number, len(dashboards))
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written: {error.strerror or error}", "name another folder"
        ) from error
    return pictures
