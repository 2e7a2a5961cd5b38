"""Rule files that users bring along: looked at before anything changes."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from observe.bootstrap.config.check import in_one_line, run_tool
from observe.errors import InputError
from observe.export.yaml_io import load_documents, read_text

#: Where users' files stand beside rendered ones, so that no name is taken twice.
PREFIX = "user-"


def read_user_rules(paths: Iterable[Path]) -> dict[str, str]:
    """The text of rule files by the name that they are rendered under, `user-<name>.yaml`.

    Args:
        paths: files, as given on the command line.

    Raises:
        InputError: a file is missing, is no rule file, is refused by promtool (the message names
            its line), or two have the same name; promtool is missing.
    """
    found: dict[str, str] = {}
    for path in paths:
        name = f"{PREFIX}{path.stem}.yaml"
        if name in found:
            raise InputError(f"two rule files are named {path.stem}", "rename one of them")
        text = read_text(path)
        documents = load_documents(text, str(path))
        if len(documents) != 1 or not _is_rule_file(documents[0].data):
            raise InputError(f"{path} is no rule file", "a rule file is a mapping with `groups`")
        _require_accepted(path, text)
        found[name] = text
    return found


def _is_rule_file(data: object) -> bool:
    return isinstance(data, dict) and isinstance(data.get("groups"), list)


def _require_accepted(path: Path, text: str) -> None:
    with tempfile.TemporaryDirectory(prefix="observe-check-") as folder:
        place = Path(folder) / "rules.yml"
        place.write_text(text, encoding="utf-8")
        # Duplicates are found, but are no reason to refuse a server that would run with them.
        status, said = run_tool("promtool", ["check", "rules", "--lint=none", str(place)])
        if status == 0:
            return
        message = in_one_line(said, place, str(path))
    line = re.search(rf"{re.escape(str(path))}: (\d+):\d+:\s*", message)
    if line:
        message = message.replace(line[0], f"{path}, line {line[1]}: ", 1)
    raise InputError(message, "correct the file; nothing was changed")
