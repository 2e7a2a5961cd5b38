"""Change single values of a YAML text and leave every other byte alone.

A file is not written anew from its values: comments, order, quoting, indentation and line ends
belong to those who wrote it. The position of each value comes from the parser; the result is
parsed again and must hold exactly the values that were asked for, or the edit is given up. That
is how anchors that other places share are caught.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node

from observe.errors import InputError
from observe.export.yaml_io import YamlPath, child, load_documents
from observe.export.yaml_places import (
    Edit,
    EditError,
    Layout,
    Value,
    insertion,
    removal,
    replacement,
)

__all__ = ["EditError", "SetValue", "set_values"]


@dataclass(frozen=True)
class SetValue:
    """One value to set or to take away.

    Attributes:
        document: index of the document.
        path: keys and indexes down to the mapping that holds the value.
        key: the key to set; added when it is not there.
        value: the new value; None takes the key away.
        after: key of the same mapping behind which a new key is written; last when not there.
    """

    document: int
    path: YamlPath
    key: str
    value: Value | None
    after: str = ""


def set_values(text: str, changes: Sequence[SetValue], name: str = "the file") -> str:
    """The text with these values set and nothing else changed.

    Raises:
        EditError: the values cannot be set without changing others (a shared anchor).
        InputError: the text is not YAML.
    """
    sets = [change for change in changes if change.value is not None]
    text = _applied(text, sets, name) if sets else text
    for change in changes:  # one by one: two neighbours on a line share the comma between them
        if change.value is None:
            text = _applied(text, [change], name)
    return text


def _applied(text: str, changes: Sequence[SetValue], name: str) -> str:
    before = load_documents(text, name)
    nodes = list(YAML(typ="safe", pure=True).compose_all(text))
    layout = Layout(text)
    edits = {_edit(layout, nodes[c.document], c) for c in changes}
    edited = text
    for start, end, new in sorted(edits, reverse=True):
        edited = edited[:start] + new + edited[end:]
    try:
        after = {document.index: document.data for document in load_documents(edited, name)}
    except InputError as error:
        raise EditError(f"the edited text is not YAML any more: {error.message}") from error
    if after != _wanted({document.index: document.data for document in before}, changes):
        raise EditError("other values share the place that would change (an anchor)")
    return edited


def _wanted(documents: dict[int, Any], changes: Sequence[SetValue]) -> dict[int, Any]:
    """The values of all documents with the changes made."""
    wanted = copy.deepcopy(documents)
    for change in changes:
        holder = _mapping(wanted[change.document], change.path)
        if change.value is None:
            holder.pop(change.key, None)
        else:
            holder[change.key] = change.value
    return wanted


def _mapping(data: Any, path: YamlPath) -> dict[str, Any]:
    for key in path:
        data = data[key]
    found: dict[str, Any] = data
    return found


def _edit(layout: Layout, root: Node, change: SetValue) -> Edit:
    """The characters to replace (start, end) and what to put there."""
    node = root
    for key in change.path:
        found = child(node, key)
        if found is None:
            raise EditError(f"{'.'.join(map(str, change.path))} is reached through a merge key")
        node = found
    if not isinstance(node, MappingNode) or not (node.value or node.flow_style):
        raise EditError(f"{'.'.join(map(str, change.path))} is not a mapping with keys")
    for place, (name, value) in enumerate(node.value):
        if name.value == change.key:
            if change.value is None:
                return removal(layout, node, place)
            return replacement(layout, int(name.end_mark.index), value, change.value)
    if change.value is None:
        raise EditError(f"{change.key} is reached through a merge key")
    return insertion(layout, node, change.key, change.value, change.after)
