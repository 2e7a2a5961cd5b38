"""`observe bootstrap grafana --preview`: dashboards as pictures, without a Grafana."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial, reduce
from typing import Any

import click

from observe.cli import stdout
from observe.cli.console import Console
from observe.cli.options import FOLDER, connection_options, option, prometheus_option
from observe.cli.parameters import DurationType, MomentType
from observe.errors import InputError

_preview = partial(option, section="Preview")

_OPTIONS = (
    _preview(
        "--preview",
        type=FOLDER,
        metavar="DIR",
        help="Draw each dashboard to this folder from live data; needs --prometheus, no Grafana.",
    ),
    _preview(
        "--dashboard",
        "names",
        multiple=True,
        metavar="NAME",
        help="Only this one, such as mesh. Repeatable.",
    ),
    _preview(
        "--select",
        "selected",
        multiple=True,
        metavar="VARIABLE=VALUE",
        help="Value of a variable, such as service=cart.shop.svc.cluster.local. Repeatable.",
    ),
    _preview("--range", "back", type=DurationType(), default="6h", help="How far back to draw."),
    _preview("--at", type=MomentType(), show_default="now", help="End of the range (UTC)."),
    _preview(
        "--scrape-seconds",
        type=click.IntRange(1, 3_600),
        default=60,
        metavar="SECONDS",
        help="Distance of the server's samples.",
    ),
    _preview(
        "--theme", type=click.Choice(("dark", "light")), default="dark", help="Colours to draw in."
    ),
    _preview("--unfold", is_flag=True, help="Draw folded rows open."),
    prometheus_option,
    connection_options,
)


def preview_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """All of them."""
    return reduce(lambda inner, decorate: decorate(inner), reversed(_OPTIONS), function)


def preview(options: dict[str, Any], console: Console) -> int:
    """Draw, name the pictures on stdout, and say which panels are empty.

    Raises:
        InputError: an option makes no sense.
        SourceError: the server cannot be asked.
        OutputError: the folder cannot be written.
    """
    from observe.cli.wiring import addresses, connection_settings
    from observe.errors import EXIT_DONE
    from observe.grafana.preview.pictures import draw_all, step_for
    from observe.grafana.preview.variables import Span
    from observe.telemetry.client import PrometheusClient

    servers = addresses(options)
    if len(servers) > 1:
        raise InputError("a preview is drawn from one Prometheus", "give --prometheus once")
    boards = _wanted(options["names"])
    chosen = _chosen(options["selected"], boards)
    scrape = options["scrape_seconds"]
    end = options["at"] or datetime.now(UTC)
    back: timedelta = options["back"]
    step = step_for(back.total_seconds(), scrape)
    end = datetime.fromtimestamp(end.timestamp() // step * step, UTC)
    span = Span(end - timedelta(seconds=back.total_seconds() // step * step), end, step, scrape)
    with PrometheusClient(connection_settings(options, servers[0].url)) as client:
        client.probe()
        with console.progress("Drawing") as bar:
            drawn = draw_all(
                boards,
                client,
                span,
                options["preview"],
                chosen=chosen,
                theme=options["theme"],
                unfold=options["unfold"],
                on_progress=bar.advance,
            )
    for picture in drawn:
        stdout.write_line(picture.path)
        if picture.empty:
            console.say(f"{picture.path.name}: no data for {', '.join(picture.empty)}")
    return EXIT_DONE


def _wanted(names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    from observe.grafana.files import dashboards_json

    every = dashboards_json()
    unknown = [name for name in names if f"{name}.json" not in every]
    if unknown:
        known = ", ".join(file.removesuffix(".json") for file in every)
        raise InputError(f"there is no dashboard {unknown[0]}", f"there are {known}")
    return {f"{name}.json": every[f"{name}.json"] for name in names} if names else every


def _chosen(
    given: tuple[str, ...], boards: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Values by variable; a name that no dashboard has is a typing error."""
    known = {v["name"] for board in boards.values() for v in board["templating"]["list"]}
    chosen: dict[str, list[str]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not value:
            raise InputError(f"{text!r} is no selection", "write it VARIABLE=VALUE")
        if name not in known - {"datasource"}:
            variables = ", ".join(sorted(known - {"datasource"}))
            raise InputError(f"no dashboard has a variable {name}", f"there are {variables}")
        chosen.setdefault(name, []).append(value)
    return chosen
