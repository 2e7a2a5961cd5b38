"""Where in a YAML text a value is written, replaced or taken away."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Mapping

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node
from ruamel.yaml.tokens import (
    AliasToken,
    AnchorToken,
    FlowMappingStartToken,
    ScalarToken,
    TagToken,
    Token,
    ValueToken,
)

#: A value to write: a scalar, or a mapping of names to values.
Value = str | int | float | Mapping[str, "Value"]

#: Characters to replace (start, end) and what to put there.
Edit = tuple[int, int, str]

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.]*[a-z]\Z")
#: The same where no braces or brackets are around, which a comma would part.
_PLAIN_IN_BLOCK = re.compile(r"[A-Za-z0-9][A-Za-z0-9.,-]*[a-z]\Z")
_STEP = 2


class EditError(Exception):
    """The text is written in a way that one value cannot be changed alone."""


class Layout:
    """The tokens of a text that stand for characters, by position."""

    def __init__(self, text: str) -> None:
        self.text = text
        tokens = YAML(typ="safe", pure=True).scan(text)
        self.tokens: list[Token] = [t for t in tokens if t.end_mark.index > t.start_mark.index]
        self.starts = [int(t.start_mark.index) for t in self.tokens]

    def after(self, index: int) -> list[Token]:
        """A few tokens that begin at `index` or behind it."""
        first = bisect_left(self.starts, index)
        return self.tokens[first : first + 4]

    def last_before(self, index: int) -> Token:
        """The last token that begins before `index`."""
        return self.tokens[bisect_left(self.starts, index) - 1]


def replacement(layout: Layout, key_end: int, old: Node, value: Value) -> Edit:
    """Put a value where another one stands, in its quotes."""
    tokens = layout.after(key_end)
    if not tokens or not isinstance(tokens[0], ValueToken):
        raise EditError("a key without a colon")
    if key_end <= old.start_mark.index == old.end_mark.index:  # nothing behind the colon
        colon = int(tokens[0].end_mark.index)
        return colon, colon, f" {_inline(value, '')}"
    for token in tokens[1:]:
        start, end = int(token.start_mark.index), int(token.end_mark.index)
        if isinstance(token, ScalarToken) and token.style not in ("|", ">"):
            return start, end, _inline(value, token.style or "")
        if isinstance(token, AliasToken):
            return start, end, _inline(value, "")
        if not isinstance(token, (AnchorToken, TagToken)):
            break
    raise EditError("the value that is there is not a plain one-line value")


def insertion(layout: Layout, node: MappingNode, key: str, value: Value, after: str) -> Edit:
    """Add a key to a mapping: behind the key `after`, or last."""
    if node.flow_style:
        return _flow_insertion(layout, node, key, value)
    return _block_insertion(layout, node, key, value, after)


def removal(layout: Layout, node: MappingNode, place: int) -> Edit:
    """Take the key at `place` of a mapping away, with its value and the rest of its line."""
    key, value = node.value[place]
    start = int(key.start_mark.index)
    more = place + 1 < len(node.value)
    if node.flow_style:
        if more:
            return start, int(node.value[place + 1][0].start_mark.index), ""
        before = int(node.value[place - 1][1].end_mark.index) if place else start
        return before, int(value.end_mark.index), ""
    text = layout.text
    bound = node.value[place + 1][0].start_mark if more else node.end_mark
    line = text.rfind("\n", 0, start) + 1
    if text[line:start].strip():
        raise EditError("the value shares its line with another one")
    end = int(layout.last_before(int(bound.index)).end_mark.index)
    if text[end - 1] != "\n":  # a block scalar ends with its line
        newline = text.find("\n", end)
        end = len(text) if newline == -1 else newline + 1
    return line, end, ""


def _flow_insertion(layout: Layout, node: MappingNode, key: str, value: Value) -> Edit:
    style = (node.value[0][0].style or "") if node.value else ""
    written = json.dumps(key) if style == '"' else key
    new = f"{written}: {_inline(value, style)}" + (", " if node.value else "")
    openings = [
        t for t in layout.after(int(node.start_mark.index)) if isinstance(t, FlowMappingStartToken)
    ]
    if not openings:
        raise EditError("a mapping without an opening brace")
    at = int(openings[0].end_mark.index)
    return at, at, new


def _block_insertion(layout: Layout, node: MappingNode, key: str, value: Value, after: str) -> Edit:
    keys = [name for name, _ in node.value]
    place = next((i for i, name in enumerate(keys) if name.value == after), len(keys) - 1)
    bound = keys[place + 1].start_mark if place + 1 < len(keys) else node.end_mark
    text = layout.text
    at = int(layout.last_before(int(bound.index)).end_mark.index)
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = newline.join(_block(key, value, int(keys[0].start_mark.column)))
    if text[at - 1] == "\n":  # the value before is a block scalar, which ends with its line
        return at, at, lines + newline
    end = text.find("\n", at)
    if end == -1:
        return len(text), len(text), newline + lines
    if text[end - 1] == "\r":
        end -= 1
    return end, end, newline + lines


def _block(key: str, value: Value, column: int) -> list[str]:
    """The lines of a key with its value, in block style."""
    head = " " * column + f"{key}:"
    if not isinstance(value, Mapping):
        plain = isinstance(value, str) and _PLAIN_IN_BLOCK.match(value)
        return [f"{head} {value if plain else _scalar(value, '')}"]
    return [head, *(row for k, v in value.items() for row in _block(k, v, column + _STEP))]


def _inline(value: Value, style: str) -> str:
    """A value on one line; mappings in braces."""
    if not isinstance(value, Mapping):
        return _scalar(value, style)
    quote = '"' if style == '"' else ""
    inside = (f"{quote}{k}{quote}: {_inline(v, style)}" for k, v in value.items())
    return "{" + ", ".join(inside) + "}"


def _scalar(value: str | int | float, style: str) -> str:
    """A string in the quotes that were there, or in none where none are needed; a number plain."""
    if not isinstance(value, str):
        return str(value)
    if style == "'" and "'" not in value and "\n" not in value:
        return f"'{value}'"
    if style == "" and _PLAIN.match(value):
        return value
    return json.dumps(value, ensure_ascii=False)
