"""Options of `observe bootstrap local`, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from observe.cli.options import FILE, FOLDER, Function, option

if TYPE_CHECKING:
    from observe.bootstrap.local.settings import LocalSettings, Places
    from observe.bootstrap.stack import Stack

_stack = partial(option, section="Stack")
_process = partial(option, section="Processes")

folder_option = _process(
    "--folder",
    type=FOLDER,
    default="observe-stack",
    metavar="DIR",
    help="Folder of the stack: configuration, password, logs, data.",
)


def _port(name: str, default: int, text: str) -> Callable[[Function], Function]:
    return _process(
        f"--{name}-port", type=click.IntRange(1, 65_535), default=default, metavar="N", help=text
    )


_OPTIONS = (
    option("--apply", is_flag=True, help="Start or change the stack; without it: print the plan."),
    option(
        "--foreground",
        is_flag=True,
        help="With --apply: stay, and stop the stack at Ctrl-C or SIGTERM (for systemd).",
    ),
    _stack(
        "--stack", "stack_file", type=FILE, metavar="FILE", help="What the stack is like (YAML)."
    ),
    _stack(
        "--target",
        "targets",
        multiple=True,
        metavar="JOB=HOST:PORT[/PATH]",
        help="What to scrape, such as istio-sidecars=127.0.0.1:15020. Repeatable.",
    ),
    _stack("--targets-file", type=FILE, metavar="FILE", help="Targets in Prometheus' file format."),
    _stack(
        "--rules",
        type=FILE,
        multiple=True,
        metavar="FILE",
        help="Rule file of yours for the edge tier. Repeatable.",
    ),
    _stack(
        "--retention",
        metavar="LENGTH",
        show_default="that of the stack: 90d",
        help="How long the external tier keeps rates, such as 90d or 1y.",
    ),
    folder_option,
    _port("edge", 9090, "Port of the edge tier."),
    _port("external", 9091, "Port of the external tier."),
    _port("alertmanager", 9093, "Port of Alertmanager."),
)


def local_options(function: Function) -> Function:
    """All of them."""
    for decorate in reversed(_OPTIONS):
        function = decorate(function)
    return function


def read_places(ctx: click.Context) -> Places:
    """The paths of the stack that --folder names, before or behind the name of a subcommand."""
    from observe.bootstrap.local.settings import Places

    above = ctx.parent
    if (
        above is not None
        and "folder" in above.params
        and ctx.get_parameter_source("folder") is not ParameterSource.COMMANDLINE
    ):
        return read_places(above)
    folder: Path = ctx.params["folder"]
    return Places(folder.absolute())


def read_settings(options: Mapping[str, Any]) -> LocalSettings:
    """What the options say.

    Raises:
        InputError: a file cannot be read, or a value makes no sense.
    """
    from observe.bootstrap.config.user_rules import read_user_rules
    from observe.bootstrap.local.settings import ALERTMANAGER, EDGE, EXTERNAL, LocalSettings
    from observe.bootstrap.local.targets import parse_targets
    from observe.bootstrap.local.targets_file import count_targets
    from observe.errors import InputError

    file: Path | None = options["targets_file"]
    if file is not None and (not file.is_file() or file.suffix not in (".json", ".yml", ".yaml")):
        raise InputError(f"--targets-file {file} is no .json, .yml or .yaml file that exists")
    if file is not None:
        count_targets(file)
    return LocalSettings(
        stack=_read_stack(options["stack_file"], options["retention"]),
        ports={name: options[f"{name}_port"] for name in (EDGE, EXTERNAL, ALERTMANAGER)},
        targets=parse_targets(options["targets"]),
        targets_file=None if file is None else file.absolute(),
        user_rules=read_user_rules(options["rules"]),
    )


def _read_stack(path: Path | None, retention: str | None) -> Stack:
    from pydantic import ValidationError

    from observe.bootstrap.config import load_stack
    from observe.bootstrap.stack import ExternalTier, Stack
    from observe.errors import InputError

    stack = load_stack(path) if path else Stack()
    if retention is None:
        return stack
    try:
        tier = ExternalTier.model_validate({**stack.external.model_dump(), "retention": retention})
    except ValidationError as error:
        raise InputError(
            f"--retention {retention!r} is no length of time", "write it like 48h, 90d or 1y"
        ) from error
    return stack.model_copy(update={"external": tier})
