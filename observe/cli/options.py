"""Options that several commands share, each with its environment variable in the help."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from pathlib import Path
from typing import Any, TypeVar

import click

from observe.cli.endings import OrderedGroup
from observe.cli.parameters import DurationType, HeaderType, MomentType

Function = TypeVar("Function", bound=Callable[..., Any])

# The same words as in observe.recommend.model, which would load pydantic for each --help.
FAIL_ON = ("info", "warning", "critical")
CONFIDENCES = ("low", "medium", "high")
KINDS = ("timeout", "retry", "connectionPool", "outlierDetection")

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
PLACE = click.Path(path_type=Path)


class SectionOption(click.Option):
    """An option that stands under a heading of its command's help.

    Args:
        section: the heading.
    """

    def __init__(self, *args: Any, section: str = "Options", **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.section = section

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Left and right column; default and variable close together at the end."""
        extra = self.get_help_extra(ctx)
        parts = [f"default: {extra['default'].strip('()')}"] if "default" in extra else []
        parts += list(extra.get("envvars", ()))
        tail = f"  [{'; '.join(parts)}]" if parts else ""
        return self.get_help_spec(ctx), f"{self.help or ''}{tail}"


class SectionCommand(click.Command):
    """A command whose help lists its options by section, in the order of their first option."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options."""
        _write_sections(self, ctx, formatter)


class SectionGroup(OrderedGroup):
    """The same for a command that has commands below it."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        _write_sections(self, ctx, formatter)
        self.format_commands(ctx, formatter)


def _write_sections(
    command: click.Command, ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    sections: dict[str, list[tuple[str, str]]] = {}
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is not None:
            sections.setdefault(getattr(param, "section", "Options"), []).append(record)
    for heading, records in sections.items():
        with formatter.section(heading):
            formatter.write_dl(records)


def option(*names: str, **settings: Any) -> Callable[[Function], Function]:
    """An option that shows its default and can come from OBSERVE_<NAME>."""
    name = next(n for n in names if n.startswith("--")).split("/")[0]
    settings.setdefault("envvar", "OBSERVE_" + name.strip("-").replace("-", "_").upper())
    settings.setdefault("show_envvar", True)
    settings.setdefault("show_default", settings.get("default") is not None)
    return click.option(*names, cls=SectionOption, **settings)


def _stack(*decorators: Callable[[Any], Any]) -> Callable[[Function], Function]:
    def apply(function: Function) -> Function:
        return reduce(lambda inner, decorate: decorate(inner), reversed(decorators), function)

    return apply


_telemetry = partial(option, section="Telemetry")
_connection = partial(option, section="Connection")
_collecting = partial(option, section="Collecting")
_advice = partial(option, section="Advice")
result_option = partial(option, section="Result")
selection_option = partial(option, section="Selection")

prometheus_option = _telemetry(
    "--prometheus",
    multiple=True,
    metavar="[NAME=]URL",
    help="Address of a Prometheus-compatible API. Repeatable, with the name of its cluster.",
)

window_options = _stack(
    _telemetry("--window", type=DurationType(), default="7d", help="How far to look back."),
    _telemetry("--end", type=MomentType(), show_default="now", help="End of the window (UTC)."),
)

source_options = _stack(
    prometheus_option,
    _telemetry(
        "--snapshot", type=FOLDER, metavar="DIR", help="Read a snapshot instead of a Prometheus."
    ),
    window_options,
)

connection_options = _stack(
    _connection(
        "--timeout",
        type=click.FloatRange(0, 86_400, min_open=True),
        default=60,
        metavar="SECONDS",
        help="Longest wait for one query.",
    ),
    _connection("--token", metavar="TEXT", help="Bearer token; prefer a file or the variable."),
    _connection("--token-file", type=FILE, metavar="FILE", help="File with a bearer token."),
    _connection("--username", metavar="TEXT", help="User for basic authentication."),
    _connection("--password", metavar="TEXT", help="Its password; prefer a file or the variable."),
    _connection("--password-file", type=FILE, metavar="FILE", help="File with its password."),
    _connection(
        "--header",
        "headers",
        type=HeaderType(),
        multiple=True,
        metavar="NAME:VALUE",
        help="Extra header. Repeatable.",
    ),
    _connection("--tenant", metavar="ID", help="Tenant: X-Scope-OrgID of Mimir, Cortex, Thanos."),
    _connection("--ca-file", type=FILE, metavar="FILE", help="CA certificates to trust (PEM)."),
    _connection("--cert-file", type=FILE, metavar="FILE", help="Client certificate (PEM)."),
    _connection("--key-file", type=FILE, metavar="FILE", help="Key of that certificate (PEM)."),
    _connection("--insecure", is_flag=True, help="Do not check the server's certificate."),
)

cache_folder_option = _collecting(
    "--cache-dir",
    type=FOLDER,
    metavar="DIR",
    show_default="the user's cache folder",
    help="Where past days are kept.",
)

collecting_options = _stack(
    _collecting(
        "--max-concurrency",
        type=click.IntRange(1, 64),
        default=4,
        metavar="N",
        help="Most queries at the same time; fewer while the server is busy.",
    ),
    _collecting(
        "--run-timeout",
        type=click.FloatRange(0, 86_400, min_open=True),
        default=1800,
        metavar="SECONDS",
        help="Longest time for all queries together.",
    ),
    cache_folder_option,
    _collecting("--no-cache", is_flag=True, help="Neither use nor keep past days."),
)

explain_queries_option = _collecting(
    "--explain-queries",
    is_flag=True,
    help="Print what would be asked and what it would cost; only cheap counts are asked.",
)

advice_options = _stack(
    _advice(
        "--current",
        type=PLACE,
        multiple=True,
        metavar="PATH",
        help="File or folder with your VirtualServices, DestinationRules. Repeatable.",
    ),
    _advice("--policy", type=FILE, metavar="FILE", help="YAML file of the recommenders' settings."),
)

fail_on_option = result_option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    metavar="SEVERITY",
    help="Exit with 1 when a recommendation is at least info, warning or critical.",
)


def output_option(default: str, text: str = "Folder to write.") -> Callable[[Function], Function]:
    """The option `--output`."""
    return result_option("--output", type=FOLDER, default=default, metavar="DIR", help=text)
