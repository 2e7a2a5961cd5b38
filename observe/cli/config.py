"""`observe.yaml`: the options of the command line, written down once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from observe.errors import InputError

DEFAULT_NAME = "observe.yaml"
#: So many names can be read at a glance.
_FEW = 12

#: Options by the name that they have in the file: long name, `_` for `-`.
Options = Mapping[str, click.Option]


@dataclass(frozen=True)
class Known:
    """What a section of the file may hold: options of a command, and the commands below it."""

    options: Options
    commands: Mapping[str, Known] = field(default_factory=dict)

    def all_options(self) -> dict[str, click.Option]:
        """Its options and those of every command below it."""
        found = dict(self.options)
        for command in self.commands.values():
            found |= command.all_options()
        return found


def use_config(ctx: click.Context, _: click.Parameter, path: Path | None) -> Path | None:
    """Callback of --config: the file's values become defaults of the group and its commands."""
    group = ctx.command
    if isinstance(group, click.Group) and not ctx.resilient_parsing:
        known = known_options(group)
        own = {name: option for name, option in known.options.items() if name != "config"}
        ctx.default_map = read_config(path, replace(known, options=own))
    return path


def known_options(command: click.Command) -> Known:
    """The options of a command, and of the commands below it."""
    below = command.commands if isinstance(command, click.Group) else {}
    return Known(file_options(command), {name: known_options(each) for name, each in below.items()})


def file_options(command: click.Command) -> dict[str, click.Option]:
    """The options of a command by the name that they have in the file."""
    return {
        _name(text.removeprefix("--")): option
        for option in command.params
        if isinstance(option, click.Option)
        for text in option.opts
        if text.startswith("--") and text not in ("--help", "--version")
    }


def read_config(path: Path | None, known: Known) -> dict[str, Any]:
    """Click's default map from a settings file.

    A key at the top applies to every command that has such an option; a mapping under a
    command's name applies to that command only, and to the commands below it. Keys are option
    names with `-` or `_`.

    Args:
        path: the file; None looks for observe.yaml in the current folder.
        known: the options and commands there are.

    Raises:
        InputError: the file is missing (when named), no YAML, names an unknown option, or gives
            a value that cannot be one.
    """
    if path is None:
        path = Path(DEFAULT_NAME)
        if not path.exists():
            return {}
    # The YAML parser is loaded only when there is something to parse.
    from observe.export.yaml_io import load_mapping

    return _section(path, load_mapping(path), known, {}, "")


def _section(
    path: Path, settings: Mapping[Any, Any], known: Known, above: Mapping[str, Any], prefix: str
) -> dict[str, Any]:
    """The default map of a command; `above` are the values that hold for all commands here."""
    plain = {key: value for key, value in settings.items() if key not in known.commands}
    shared = dict(above) | _checked(path, plain, known.all_options(), prefix)
    defaults: dict[str, Any] = _defaults(shared, known.options)
    for name, command in known.commands.items():
        own = settings.get(name) or {}
        if not isinstance(own, dict):
            raise InputError(
                f"{path}: {prefix}{name} is a command and holds no mapping of its options"
            )
        defaults[name] = _section(path, own, command, shared, f"{prefix}{name}.")
    return defaults


def _name(key: object) -> str:
    return str(key).replace("-", "_")


def _checked(
    path: Path, settings: Mapping[Any, Any], known: Options, prefix: str = ""
) -> dict[str, Any]:
    """Values by option name; scalars of repeatable options become lists."""
    values: dict[str, Any] = {}
    for key, value in settings.items():
        option = known.get(_name(key))
        where = f"{path}: {prefix}{key}"
        if option is None:
            raise InputError(f"{where}: there is no such option", _instead(str(key), known))
        if value is None:
            continue
        if isinstance(value, dict) and _name(key) == "header":
            value = [f"{name}: {text}" for name, text in value.items()]
        if isinstance(value, dict) and _name(key) == "prometheus":
            value = [f"{name}={url}" for name, url in value.items()]
        if isinstance(value, dict) or (isinstance(value, list) and not option.multiple):
            raise InputError(f"{where}: takes one value", "Write it as on the command line")
        values[_name(key)] = [value] if option.multiple and not isinstance(value, list) else value
    return values


def _instead(key: str, known: Options) -> str:
    """The options with the nearest names; all of them where they are few."""
    names = sorted(name.replace("_", "-") for name in known)
    near = get_close_matches(key.replace("_", "-"), names)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    if len(names) <= _FEW:
        return f"There are: {', '.join(names)}"
    return "Options are named as on the command line: see observe COMMAND --help"


def _defaults(values: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """The same by the names that click has for the options."""
    return {str(options[key].name): value for key, value in values.items() if key in options}
