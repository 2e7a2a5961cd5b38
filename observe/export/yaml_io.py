"""YAML documents in and out: several to a file, each with the line it begins at.

Reading keeps the nodes of the parser beside the plain values, so that a message can name a line
and `yaml_edit` can change one value without touching anything around it. YAML 1.2 is read.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode
from ruamel.yaml.reader import ReaderError

from observe.errors import InputError

YamlPath = tuple[str | int, ...]

#: Values of one file after its aliases are written out; more is taken for an attack.
MAX_VALUES = 1_000_000
_MAX_DEPTH = 200


@dataclass(frozen=True)
class Document:
    """One document of a file.

    Attributes:
        index: place among all documents of the file, empty ones counted, from 0.
        line: line it begins at, from 1.
        data: plain values; aliases are written out, nothing is shared.
        node: what the parser made of it; positions only.
    """

    index: int
    line: int
    data: Any
    node: Node

    def line_of(self, path: YamlPath) -> int:
        """The line of the deepest part of `path` that exists, from 1."""
        node = self.node
        for key in path:
            found = child(node, key)
            if found is None:
                break
            node = found
        return int(node.start_mark.line) + 1


def child(node: Node, key: str | int) -> Node | None:
    """The value of a mapping's key or the item of a sequence; None when there is none."""
    if isinstance(node, MappingNode):
        return next((value for name, value in node.value if name.value == key), None)
    if isinstance(node, SequenceNode) and isinstance(key, int) and 0 <= key < len(node.value):
        item: Node = node.value[key]
        return item
    return None


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        InputError: it cannot be read or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: byte {error.start} is not UTF-8", "save the file as UTF-8"
        ) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def load_mapping(path: Path) -> dict[str, Any]:
    """The one mapping in a file, such as a configuration; empty for an empty file.

    Raises:
        InputError: as `load_documents`, or the file holds something else.
    """
    return load_mapping_text(read_text(path), str(path))


def load_mapping_text(text: str, name: str) -> dict[str, Any]:
    """The one mapping in a text; see `load_mapping`.

    Raises:
        InputError: as `load_documents`, or the text holds something else.
    """
    documents = load_documents(text, name)
    if not documents:
        return {}
    data = documents[0].data
    if len(documents) > 1 or not isinstance(data, dict):
        raise InputError(f"{name} is not one mapping of names to values")
    return data


def load_documents(text: str, name: str) -> list[Document]:
    """All documents of a text that hold anything; empty ones are skipped.

    Args:
        text: one or more YAML documents.
        name: the file's name, for messages.

    Raises:
        InputError: malformed YAML, a key given twice, or nesting without end.
    """
    documents: list[Document] = []
    try:
        constructor, _ = YAML(typ="safe", pure=True).get_constructor_parser(text)
        composer = constructor.composer
        index = 0
        while composer.check_node():
            node = composer.get_node()
            data = constructor.construct_document(node)
            if data is not None:
                line = int(node.start_mark.line) + 1
                documents.append(Document(index, line, _written_out(data, name), node))
            index += 1
    except (YAMLError, ValueError, RecursionError) as error:
        raise InputError(_complaint(error, text, name), "correct the file") from error
    return documents


def dump_documents(documents: Iterable[Any], comments: Sequence[str] = ()) -> str:
    """YAML text of plain values: keys in the order given, block style, `---` between documents.

    The same values give the same bytes.

    Args:
        documents: mappings, lists and scalars.
        comments: lines written above the first document, without `#`.
    """
    yaml = YAML(typ="rt", pure=True)
    yaml.width = 100_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.ignore_aliases = lambda _: True
    parts = []
    for data in documents:
        stream = io.StringIO()
        yaml.dump(data, stream)
        parts.append(stream.getvalue())
    head = "".join(f"# {line}".rstrip() + "\n" for line in comments)
    return head + "---\n".join(parts)


def _written_out(data: Any, name: str) -> Any:
    """A copy without shared parts: the same alias used twice becomes two values."""
    left = MAX_VALUES

    def copy(value: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if left < 0 or depth > _MAX_DEPTH:
            raise InputError(f"{name}: its aliases unfold without end", "write the values out")
        if isinstance(value, dict):
            return {key: copy(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [copy(item, depth + 1) for item in value]
        return value

    return copy(data, 0)


def _complaint(error: Exception, text: str, name: str) -> str:
    """What is wrong and where, in one line."""
    if isinstance(error, RecursionError):
        return f"{name}: the YAML is nested too deeply"
    if isinstance(error, ReaderError):
        line = text.count("\n", 0, int(error.position)) + 1
        return f"{name}, line {line}: a character that YAML does not allow"
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        where = f"{name}, line {mark.line + 1}" if mark else name
        problem = str(error.problem or error.context or "malformed YAML").split("\n")[0].strip()
        return f"{where}: {problem}"
    return f"{name}: {str(error).splitlines()[0] if str(error) else 'malformed YAML'}"
