"""`observe-stack.yaml` as a `Stack`, or one line that says what is wrong and where."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from observe.bootstrap.stack import Stack
from observe.errors import InputError
from observe.export.yaml_io import Document, load_documents, read_text

#: Minor versions of Istio 1 whose labels, ports and statistics are known.
OLDEST_ISTIO, NEWEST_ISTIO = 20, 32


def load_stack(path: Path) -> Stack:
    """The stack that a file describes; an empty file is the default one.

    Raises:
        InputError: it cannot be read, is not YAML, names an unknown key or value, or an Istio that
            is not known.
    """
    return parse_stack(read_text(path), str(path))


def parse_stack(text: str, name: str) -> Stack:
    """As :func:`load_stack`, of a text.

    Args:
        text: YAML, one document.
        name: what messages call it.
    """
    documents = load_documents(text, name)
    if not documents:
        return Stack()
    document = documents[0]
    if len(documents) > 1 or not isinstance(document.data, dict):
        raise InputError(f"{name} is not one mapping of names to values", "see docs/bootstrap.md")
    try:
        stack = Stack.model_validate(document.data)
    except ValidationError as error:
        raise InputError(_complaint(error, document, name), _hint(error)) from error
    require_known_istio(stack, name)
    return stack


def require_known_istio(stack: Stack, name: str) -> None:
    """Refuse an Istio whose telemetry is not known.

    Raises:
        InputError: it is older or newer.
    """
    minor = int(stack.istio_version.split(".")[1])
    if not OLDEST_ISTIO <= minor <= NEWEST_ISTIO:
        nearest = OLDEST_ISTIO if minor < OLDEST_ISTIO else NEWEST_ISTIO
        raise InputError(
            f"{name}: Istio {stack.istio_version} is not known: 1.{OLDEST_ISTIO} to "
            f"1.{NEWEST_ISTIO} are",
            f"if its metrics are those of 1.{nearest}, write istioVersion: '1.{nearest}'",
        )


def _complaint(error: ValidationError, document: Document, name: str) -> str:
    first = error.errors()[0]
    path = first["loc"]
    line = document.line_of(path) if path else document.line
    where = ".".join(map(str, path))
    if first["type"] == "extra_forbidden":
        return f"{name}, line {line}: there is no setting {where}"
    if first["type"] == "too_short":
        return f"{name}, line {line}: {where}: at least {first['ctx']['min_length']} is needed"
    message = str(first["msg"]).removeprefix("Value error, ")
    return f"{name}, line {line}: {where + ': ' if where else ''}{message[:1].lower()}{message[1:]}"


def _hint(error: ValidationError) -> str:
    """The nearest name that there is, for one that there is not."""
    first = error.errors()[0]
    if first["type"] != "extra_forbidden":
        return "correct the file"
    near = get_close_matches(str(first["loc"][-1]), sorted(_names(Stack.model_json_schema())), 1)
    return f"did you mean {near[0]}?" if near else "docs/bootstrap.md lists the settings"


def _names(schema: dict[str, Any]) -> set[str]:
    parts = [schema, *schema.get("$defs", {}).values()]
    return {name for part in parts for name in part.get("properties", {})}
