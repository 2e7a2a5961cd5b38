"""A stack as YAML in which every setting says what it means."""

from __future__ import annotations

import io
from typing import Any

from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from observe.bootstrap.stack import Stack


def stack_text(stack: Stack) -> str:
    """YAML that reads back as this stack, with the description of each setting beside it."""
    yaml = YAML(typ="rt", pure=True)
    yaml.width = 100_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(
        type(None), lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    stream = io.StringIO()
    yaml.dump(_commented(stack, 0), stream)
    return "# What `observe bootstrap` sets up. A line that is left out has its default.\n" + (
        stream.getvalue()
    )


def _commented(model: BaseModel, indent: int) -> CommentedMap:
    """A mapping whose keys carry their descriptions as comments above them."""
    found = CommentedMap()
    for name, field in type(model).model_fields.items():
        key = field.alias or name
        value = getattr(model, name)
        found[key] = _value(value, indent)
        words = field.description or _first_line(value)
        if words:
            found.yaml_set_comment_before_after_key(key, before=words, indent=indent)
    return found


def _value(value: Any, indent: int) -> Any:
    if isinstance(value, BaseModel):
        return _commented(value, indent + 2)
    if isinstance(value, tuple):
        return CommentedSeq(
            each.model_dump(by_alias=True) if isinstance(each, BaseModel) else each
            for each in value
        )
    return value


def _first_line(value: Any) -> str:
    return (type(value).__doc__ or "").split("\n")[0] if isinstance(value, BaseModel) else ""
