"""Everything rendered, looked at by the programs that will read it: promtool and amtool.

Files that are referenced need not be there: passwords and certificates live elsewhere.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from observe.bootstrap.binaries import find_binary
from observe.bootstrap.config.standins import understood, wrong_discovery
from observe.errors import InputError
from observe.export.yaml_io import dump_documents, load_documents

Kind = Literal["prometheus", "rules", "web", "alertmanager"]

_COMMANDS: dict[Kind, tuple[str, ...]] = {
    "prometheus": ("promtool", "check", "config", "--syntax-only"),
    "rules": ("promtool", "check", "rules"),
    "web": ("promtool", "check", "web-config"),
    "alertmanager": ("amtool", "check-config"),
}
#: Longest message; promtool repeats itself for every line.
_LONGEST = 400


#: What the programs say of any file, good or bad.
_NOISE = re.compile(
    r"^Checking '?[^ ']*'?|^\s*SUCCESS.*|^\s*(- )?Found.*|FAILED:"
    r"|^amtool: error: failed to validate.*"
)


@dataclass(frozen=True, order=True)
class Problem:
    """What a program refuses.

    Attributes:
        file: path within what was rendered.
        message: what it says, in one line.
    """

    file: str
    message: str


@dataclass(frozen=True)
class _Part:
    """One document that a program reads: a file, or what a ConfigMap or PrometheusRule holds."""

    file: str
    kind: Kind
    data: dict[str, Any]


def check_tree(files: Mapping[str, str]) -> list[Problem]:
    """What is wrong with rendered files; files of other kinds are passed over.

    Args:
        files: path → text. ConfigMaps and PrometheusRules are looked into.

    Raises:
        InputError: promtool or amtool is missing.
    """
    problems: list[Problem] = []
    parts: list[_Part] = []
    for path, text in sorted(files.items()):
        if not path.endswith((".yaml", ".yml", ".json")):
            continue
        try:
            parts += _parts(path, [document.data for document in load_documents(text, path)])
        except InputError as error:
            problems.append(Problem(path, error.message))
    with tempfile.TemporaryDirectory(prefix="observe-check-") as folder:
        for number, part in enumerate(parts):
            problems += _refused(part, Path(folder) / f"{number}.yml")
    return sorted({*problems, *_missing_rules(parts)})


def _parts(path: str, documents: list[Any]) -> Iterator[_Part]:
    for data in documents:
        if not isinstance(data, dict):
            continue
        if data.get("kind") == "PrometheusRule":
            yield _Part(path, "rules", data.get("spec") or {})
        elif data.get("kind") == "ConfigMap":
            for name, text in (data.get("data") or {}).items():
                inner = [document.data for document in load_documents(str(text), f"{path}:{name}")]
                yield from _parts(f"{path}:{name}", inner)
        elif (kind := _kind(data)) is not None:
            yield _Part(path, kind, data)


def _kind(data: dict[str, Any]) -> Kind | None:
    """Who reads a document, by keys that only that program knows."""
    if "kind" in data or "apiVersion" in data:
        return None
    if "groups" in data:
        return "rules"
    if "scrape_configs" in data or "external_labels" in (data.get("global") or {}):
        return "prometheus"
    if "route" in data and "receivers" in data:
        return "alertmanager"
    if {"basic_auth_users", "tls_server_config", "http_server_config"} & data.keys():
        return "web"
    return None


def _refused(part: _Part, place: Path) -> list[Problem]:
    data = part.data
    if part.kind == "web":
        # The program would load the certificates, which are not here.
        data = {key: value for key, value in data.items() if key != "tls_server_config"}
    status, said = _asked(part.kind, data, place)
    known = understood(data, said) if status else None
    if known is not None:
        status, said = _asked(part.kind, known, place)
    wrong = wrong_discovery(data) if part.kind == "prometheus" else []
    refusals = [in_one_line(said, place, part.file)] if status else []
    return [Problem(part.file, message) for message in (*refusals, *wrong)]


def _asked(kind: Kind, data: dict[str, Any], place: Path) -> tuple[int, str]:
    place.write_text(dump_documents([data]), encoding="utf-8")
    program, *arguments = _COMMANDS[kind]
    return run_tool(program, [*arguments, str(place)])


def run_tool(program: str, arguments: list[str]) -> tuple[int, str]:
    """Exit status and everything said by promtool or amtool.

    Raises:
        InputError: it is missing or takes longer than a minute.
    """
    command = [str(find_binary(program)), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and the program was looked up
            command, capture_output=True, text=True, check=False, timeout=60
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{program} did not answer within a minute") from error
    return done.returncode, f"{done.stdout}\n{done.stderr}"


def in_one_line(said: str, place: Path, name: str) -> str:
    """What a program complains about, with the name that people know the file by."""
    lines = [_NOISE.sub("", line).strip() for line in said.splitlines()]
    text = " ".join(line for line in lines if line).replace(str(place), name)
    return text[:_LONGEST] or "refused without a word"


def _missing_rules(parts: list[_Part]) -> list[Problem]:
    """Rule files that a configuration names, and that were not rendered."""
    there = {PurePosixPath(part.file.rpartition(":")[2]) for part in parts if part.kind == "rules"}
    return [
        Problem(part.file, f"no rule file {pattern} was rendered")
        for part in parts
        if part.kind == "prometheus"
        for pattern in part.data.get("rule_files") or []
        if not any(path.match(PurePosixPath(pattern).name) for path in there)
    ]
