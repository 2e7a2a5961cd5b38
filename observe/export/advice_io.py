"""Read `recommendations.json`, whoever may have edited it meanwhile."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from observe.durations import shown
from observe.errors import InputError
from observe.export.advice_values import value_problems
from observe.export.yaml_io import read_text
from observe.recommend.model import SCHEMA_VERSION, Advice

ADVICE_FILE = "recommendations.json"
_HINT = "make it anew with 'observe report'"


def load_advice(path: Path) -> Advice:
    """The advice in a file, or in the folder that a report was written to.

    Raises:
        InputError: there is no such file, or it is not advice of this version; the message names
            the file and the line or field.
    """
    file = path / ADVICE_FILE if path.is_dir() else path
    if not file.exists():
        raise InputError(f"{file} does not exist", _HINT)
    return parse_advice(read_text(file), str(file))


def parse_advice(text: str, name: str) -> Advice:
    """The advice in a text; `name` stands in messages.

    Raises:
        InputError: it is not advice of this version.
    """
    document = _json(text, name)
    if not isinstance(document, dict) or "schemaVersion" not in document:
        raise InputError(f"{name}: not a recommendations file (no schemaVersion)", _HINT)
    if document["schemaVersion"] != SCHEMA_VERSION:
        raise InputError(
            f"{name}: schemaVersion is {shown(document['schemaVersion'])}, "
            f"this release reads {SCHEMA_VERSION}",
            _HINT,
        )
    try:
        advice = Advice.model_validate(document)
    except ValidationError as error:
        first, more = error.errors()[0], error.error_count() - 1
        field = ".".join(str(part) for part in _place(first["loc"]))
        rest = f" (and {more} more)" if more else ""
        raise InputError(f"{name}: {field}: {first['msg']}{rest}", _HINT) from error
    _check_values(advice, name)
    return advice


def _place(loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Where a value stands in the document: without the kind, which pydantic names in between."""
    return loc[:2] + loc[3:] if loc[:1] == ("recommendations",) and len(loc) > 3 else loc


def _json(text: str, name: str) -> Any:
    def constant(word: str) -> NoReturn:
        raise InputError(f"{name}: {word} is not a JSON number", _HINT)

    try:
        return json.loads(text, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise InputError(f"{name}, line {error.lineno}: {error.msg}", _HINT) from error
    except (RecursionError, ValueError) as error:
        raise InputError(f"{name}: not readable as JSON ({type(error).__name__})", _HINT) from error


def _check_values(advice: Advice, name: str) -> None:
    """What the types do not say: ids are unique, values are what their fields hold."""
    seen = Counter(item.id for item in advice.recommendations)
    for index, item in enumerate(advice.recommendations):
        where = f"{name}: recommendations.{index}"
        if seen[item.id] > 1:
            raise InputError(f"{where}.id: {shown(item.id)} is given twice", _HINT)
        for field, wrong in value_problems(item):
            raise InputError(f"{where}.{field}: {wrong}", _HINT)
