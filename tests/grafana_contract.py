"""Grafana's HTTP API as it is published: paths, queries, bodies and the fields of models."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCALARS = {
    "string": str,
    "bool": bool,
    "int64": int,
    "float64": (int, float),
    "strfmt.Duration": str,
    "strfmt.DateTime": str,
}


class ContractError(Exception):
    """A call that the published API does not have."""


@dataclass(frozen=True)
class Call:
    """One operation: its id and what the path's parameters are."""

    id: str
    parameters: dict[str, str]


class Contract:
    """Knows which calls there are, and what their bodies may hold."""

    def __init__(self, file: Path) -> None:
        content = json.loads(file.read_text())
        self._models: dict[str, Any] = content["models"]
        self._endpoints = [(e, _pattern(e["path"])) for e in content["endpoints"]]

    def call(self, method: str, path: str, query: Mapping[str, Any], body: Any) -> Call:
        """The operation, or ContractError when anything about it is unknown."""
        for endpoint, pattern in self._endpoints:
            match = pattern.fullmatch(path)
            if match and endpoint["method"] == method:
                unknown = set(query) - set(endpoint["query"])
                if unknown:
                    raise ContractError(f"{method} {path}: unknown query {sorted(unknown)}")
                self._check_body(f"{method} {path}", endpoint["body"], body)
                names = re.findall(r"{([^}]+)}", endpoint["path"])
                return Call(endpoint["id"], dict(zip(names, match.groups(), strict=True)))
        raise ContractError(f"{method} {path}: there is no such call")

    def _check_body(self, where: str, model: str | None, body: Any) -> None:
        if model is None:
            if body not in (None, {}, ""):
                raise ContractError(f"{where}: no body is expected")
            return
        self._check(where, model, body)

    def _check(self, where: str, kind: str, value: Any) -> None:
        if kind.startswith("[]"):
            if not isinstance(value, list):
                raise ContractError(f"{where}: a list is expected, not {value!r}")
            for item in value:
                self._check(where, kind[2:], item)
        elif kind.startswith("map[string]"):
            for item in value.values():
                self._check(where, kind[len("map[string]") :], item)
        elif kind in _SCALARS:
            of_kind = isinstance(value, _SCALARS[kind])
            if not of_kind or (isinstance(value, bool) and kind != "bool"):
                raise ContractError(f"{where}: {kind} is expected, not {value!r}")
        elif isinstance(self._models.get(kind), dict):
            self._check_fields(where, self._models[kind], value)

    def _check_fields(self, where: str, fields: Mapping[str, Any], value: Any) -> None:
        if not isinstance(value, dict):
            raise ContractError(f"{where}: an object is expected, not {value!r}")
        unknown = set(value) - set(fields)
        missing = {k for k, f in fields.items() if f["required"]} - set(value)
        if unknown or missing:
            raise ContractError(f"{where}: unknown {sorted(unknown)}, missing {sorted(missing)}")
        for name, item in value.items():
            allowed = fields[name]["enum"]
            if allowed and item not in json.loads(allowed):
                raise ContractError(f"{where}: {name} may not be {item!r}")
            self._check(f"{where}: {name}", fields[name]["type"], item)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"{[^}]+}", "([^/]+)", path))
