"""`observe.yaml`: the options of the command line, written down once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from observe.errors import InputError
from observe.export.yaml_io import load_mapping

DEFAULT_NAME = "observe.yaml"


def read_config(path: Path | None, commands: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    """Click's default map from a settings file.

    A key at the top applies to every command that has such an option; a mapping under a
    command's name applies to that command only. Keys are option names with `-` or `_`.

    Args:
        path: the file; None looks for observe.yaml in the current folder.
        commands: the commands there are, each with the names of its options.

    Raises:
        InputError: the file is missing (when named), no YAML, or names an unknown option.
    """
    if path is None:
        path = Path(DEFAULT_NAME)
        if not path.exists():
            return {}
    settings = load_mapping(path)
    own = {name: settings[name] or {} for name in commands if name in settings}
    shared = {_name(k): v for k, v in settings.items() if k not in commands}
    _check(path, shared, frozenset().union(*commands.values()))
    for command, values in own.items():
        if not isinstance(values, dict):
            raise InputError(f"{path}: {command} must hold a mapping of options")
        _check(path, {_name(k): v for k, v in values.items()}, commands[command])
    return {
        command: {k: v for k, v in shared.items() if k in known}
        | {_name(k): v for k, v in own.get(command, {}).items()}
        for command, known in commands.items()
    }


def _name(key: object) -> str:
    return str(key).replace("-", "_")


def _check(path: Path, settings: dict[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(settings.keys() - known)
    if unknown:
        raise InputError(f"{path}: no option is called {unknown[0]!r}", "see observe --help")
