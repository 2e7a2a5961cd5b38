"""A file of targets, looked at before Prometheus is told to watch it.

Prometheus itself only logs that it cannot read one, and scrapes nothing. The format:
https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from observe.errors import InputError
from observe.export.yaml_io import load_documents, read_text

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_ADDRESS = re.compile(r"[^\s/]+")
_HINT = 'write a list such as [{"targets": ["127.0.0.1:15020"], "labels": {"job": "shop"}}]'


def count_targets(path: Path) -> int:
    """How many targets a file names now.

    Args:
        path: `.json`, `.yml` or `.yaml`.

    Raises:
        InputError: it cannot be read, or is not in the format; the message names the line.
    """
    text = read_text(path)
    if path.suffix == ".json":
        try:
            json.loads(text)
        except ValueError as error:
            line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            raise InputError(f"--targets-file {path}{line}: this is not JSON", _HINT) from error
        text = text.replace("\t", " ")  # indents JSON, but not YAML; strings hold no bare one
    documents = load_documents(text, f"--targets-file {path}")
    if len(documents) != 1 or not isinstance(documents[0].data, list):
        raise InputError(f"--targets-file {path} is no list of targets", _HINT)
    document, found = documents[0], 0
    for number, group in enumerate(document.data):
        wrong = _wrong(group)
        if wrong:
            place = f"line {document.line_of((number,))}"
            raise InputError(f"--targets-file {path}, {place}: {wrong}", _HINT)
        found += len(group["targets"])
    return found


def _wrong(group: Any) -> str | None:
    """What Prometheus would refuse of one entry, or nothing."""
    if not isinstance(group, dict) or not isinstance(group.get("targets"), list):
        return "an entry is a mapping with a list `targets`"
    unknown = sorted(str(key) for key in group.keys() - {"targets", "labels"})
    if unknown:
        return f"there is no key {unknown[0]}: an entry has `targets` and `labels`"
    for target in group["targets"]:
        if not isinstance(target, str) or not _ADDRESS.fullmatch(target):
            return f"{target!r} is no HOST:PORT; a path belongs into the label __metrics_path__"
    labels = group.get("labels", {})
    if not isinstance(labels, dict):
        return "`labels` is a mapping of names to texts"
    for name, value in labels.items():
        if not _LABEL.fullmatch(str(name)) or not isinstance(value, str):
            return f"label {name}: {value!r} is not a name and a text"
    return None
