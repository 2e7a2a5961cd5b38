"""Change single values of a YAML text and leave every other byte alone.

A file is not written anew from its values: comments, order, quoting, indentation and line ends
belong to those who wrote it. The position of each value comes from the parser; the result is
parsed again and must hold exactly the values that were asked for, or the edit is given up. That
is how anchors that other places share are caught.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

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

from observe.errors import InputError
from observe.export.yaml_io import YamlPath, child, load_documents

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.]*[a-z]\Z")


class EditError(Exception):
    """The text is written in a way that one value cannot be changed alone."""


@dataclass(frozen=True)
class SetValue:
    """One value to set.

    Attributes:
        document: index of the document.
        path: keys and indexes down to the mapping that holds the value.
        key: the key to set; added when it is not there.
        value: the new value, a string.
        after: key of the same mapping behind which a new key is written; last when not there.
    """

    document: int
    path: YamlPath
    key: str
    value: str
    after: str = ""


def set_values(text: str, changes: list[SetValue], name: str = "the file") -> str:
    """The text with these values set and nothing else changed.

    Raises:
        EditError: the values cannot be set without changing others (a shared anchor).
        InputError: the text is not YAML.
    """
    before = load_documents(text, name)
    nodes = list(YAML(typ="safe", pure=True).compose_all(text))
    layout = _Layout(text)
    edits = {_edit(layout, nodes[c.document], c) for c in changes}
    edited = text
    for start, end, new in sorted(edits, reverse=True):
        edited = edited[:start] + new + edited[end:]
    wanted = {document.index: document.data for document in before}
    for change in changes:
        _mapping(wanted[change.document], change.path)[change.key] = change.value
    try:
        after = {document.index: document.data for document in load_documents(edited, name)}
    except InputError as error:
        raise EditError(f"the edited text is not YAML any more: {error.message}") from error
    if after != wanted:
        raise EditError("other values share the place that would change (an anchor)")
    return edited


def _mapping(data: Any, path: YamlPath) -> dict[str, Any]:
    for key in path:
        data = data[key]
    found: dict[str, Any] = data
    return found


class _Layout:
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


def _edit(layout: _Layout, root: Node, change: SetValue) -> tuple[int, int, str]:
    """The characters to replace (start, end) and what to put there."""
    node = root
    for key in change.path:
        found = child(node, key)
        if found is None:
            raise EditError(f"{'.'.join(map(str, change.path))} is reached through a merge key")
        node = found
    if not isinstance(node, MappingNode) or not node.value:
        raise EditError(f"{'.'.join(map(str, change.path))} is not a mapping with keys")
    for name, value in node.value:
        if name.value == change.key:
            return _replacement(layout, int(name.end_mark.index), value, change.value)
    if node.flow_style:
        return _flow_insertion(layout, node, change)
    return _block_insertion(layout, node, change)


def _replacement(layout: _Layout, key_end: int, old: Node, value: str) -> tuple[int, int, str]:
    tokens = layout.after(key_end)
    if not tokens or not isinstance(tokens[0], ValueToken):
        raise EditError("a key without a colon")
    if key_end <= old.start_mark.index == old.end_mark.index:  # nothing behind the colon
        colon = int(tokens[0].end_mark.index)
        return colon, colon, f" {_scalar(value, '')}"
    for token in tokens[1:]:
        start, end = int(token.start_mark.index), int(token.end_mark.index)
        if isinstance(token, ScalarToken) and token.style not in ("|", ">"):
            return start, end, _scalar(value, token.style or "")
        if isinstance(token, AliasToken):
            return start, end, _scalar(value, "")
        if not isinstance(token, (AnchorToken, TagToken)):
            break
    raise EditError("the value that is there is not a plain one-line value")


def _flow_insertion(layout: _Layout, node: MappingNode, change: SetValue) -> tuple[int, int, str]:
    first = node.value[0][0]
    key = json.dumps(change.key) if first.style == '"' else change.key
    new = f"{key}: {_scalar(change.value, first.style or '')}, "
    openings = [
        t for t in layout.after(int(node.start_mark.index)) if isinstance(t, FlowMappingStartToken)
    ]
    if not openings:
        raise EditError("a mapping without an opening brace")
    at = int(openings[0].end_mark.index)
    return at, at, new


def _block_insertion(layout: _Layout, node: MappingNode, change: SetValue) -> tuple[int, int, str]:
    keys = [name for name, _ in node.value]
    place = next((i for i, key in enumerate(keys) if key.value == change.after), len(keys) - 1)
    bound = keys[place + 1].start_mark if place + 1 < len(keys) else node.end_mark
    text = layout.text
    at = int(layout.last_before(int(bound.index)).end_mark.index)
    newline = "\r\n" if "\r\n" in text else "\n"
    line = " " * int(keys[0].start_mark.column) + f"{change.key}: {_scalar(change.value, '')}"
    if text[at - 1] == "\n":  # the value before is a block scalar, which ends with its line
        return at, at, line + newline
    end = text.find("\n", at)
    if end == -1:
        return len(text), len(text), newline + line
    if text[end - 1] == "\r":
        end -= 1
    return end, end, newline + line


def _scalar(value: str, style: str) -> str:
    """A string in the quotes that were there, or in none where none are needed."""
    if style == "'" and "'" not in value and "\n" not in value:
        return f"'{value}'"
    if style == "" and _PLAIN.match(value):
        return value
    return json.dumps(value, ensure_ascii=False)
