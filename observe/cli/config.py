"""`observe.yaml`: the options of the command line, written down once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from observe.errors import InputError

DEFAULT_NAME = "observe.yaml"


def read_config(path: Path | None, commands: list[str]) -> dict[str, Any]:
    """Click's default map from a settings file.

    A key at the top applies to every command that has such an option; a mapping under a
    command's name applies to that command only. Keys are option names with `-` or `_`.

    Args:
        path: the file; None looks for observe.yaml in the current folder.
        commands: names of the commands there are.

    Raises:
        InputError: the file is missing (when named), no YAML, or no mapping.
    """
    if path is None:
        path = Path(DEFAULT_NAME)
        if not path.exists():
            return {}
    settings = _load(path)
    shared = {_name(k): v for k, v in settings.items() if k not in commands}
    return {
        command: shared | {_name(k): v for k, v in (settings.get(command) or {}).items()}
        for command in commands
    }


def _name(key: object) -> str:
    return str(key).replace("-", "_")


def _load(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}", "check --config") from error
    try:
        settings = YAML(typ="safe").load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise InputError(f"{path}{line} is no YAML", "see docs/cli.md for the format") from error
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise InputError(f"{path} must hold a mapping of option names to values")
    return settings
