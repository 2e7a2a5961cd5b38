"""Options that several commands share, each with its environment variable in the help."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click

from observe.recommend.model import SEVERITIES

Function = TypeVar("Function", bound=Callable[..., Any])
_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def option(*names: str, **settings: Any) -> Callable[[Function], Function]:
    """A click option that shows its default and can come from OBSERVE_<NAME>."""
    name = next(n for n in names if n.startswith("--")).split("/")[0]
    settings.setdefault("envvar", "OBSERVE_" + name.strip("-").replace("-", "_").upper())
    settings.setdefault("show_envvar", True)
    settings.setdefault("show_default", settings.get("default") is not None)
    return click.option(*names, **settings)


class Duration(click.ParamType[timedelta]):
    """A length of time such as 30m, 12h, 7d or 2w."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Parse the text."""
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([mhdw])", str(value).strip())
        if not match or float(match[1]) <= 0:
            self.fail(f"{value!r} is no length of time; write it like 12h, 7d or 2w", param, ctx)
        return timedelta(seconds=float(match[1]) * _UNITS[match[2]])


class Moment(click.ParamType[datetime]):
    """A moment in ISO 8601; UTC unless it says otherwise."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Parse the text."""
        if isinstance(value, datetime):
            moment = value
        else:
            try:
                moment = datetime.fromisoformat(str(value).strip())
            except ValueError:
                self.fail(f"{value!r} is no time; write it like 2026-01-31T06:00Z", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _stack(*decorators: Callable[[Any], Any]) -> Callable[[Function], Function]:
    def apply(function: Function) -> Function:
        return reduce(lambda inner, decorate: decorate(inner), reversed(decorators), function)

    return apply


FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)

connection_options = _stack(
    option("--prometheus", metavar="URL", help="Address of a Prometheus-compatible API."),
    option("--token", metavar="TEXT", help="Bearer token; prefer --token-file or the variable."),
    option("--token-file", type=FILE, help="File with a bearer token."),
    option("--username", metavar="TEXT", help="User for basic authentication."),
    option("--password", metavar="TEXT", help="Password for basic authentication."),
    option("--header", "headers", multiple=True, metavar="NAME:VALUE", help="Extra header."),
    option("--tenant", metavar="ID", help="Tenant, sent as X-Scope-OrgID (Mimir, Cortex)."),
    option("--ca-file", type=FILE, help="CA certificates to trust instead of the system's."),
    option("--cert-file", type=FILE, help="Client certificate (PEM)."),
    option("--key-file", type=FILE, help="Key of the client certificate (PEM)."),
    option("--insecure", is_flag=True, help="Do not check the server's certificate."),
    option(
        "--timeout", type=float, default=60.0, metavar="SECONDS", help="Longest wait for a query."
    ),
)

window_options = _stack(
    option("--window", type=Duration(), default="7d", help="How far to look back."),
    option("--end", type=Moment(), help="End of the window.  [default: now]"),
)

source_options = _stack(
    connection_options,
    option("--snapshot", type=FOLDER, help="Read a snapshot instead of a Prometheus."),
    window_options,
)

advice_options = _stack(
    option(
        "--current",
        type=click.Path(path_type=Path),
        multiple=True,
        help="File or folder with the VirtualServices that you have. Repeatable.",
    ),
    option("--policy", type=FILE, help="YAML file with the recommenders' settings."),
)

fail_on_option = option(
    "--fail-on",
    type=click.Choice(SEVERITIES[1:]),
    help="Exit with 1 when a recommendation is at least this severe.",
)
