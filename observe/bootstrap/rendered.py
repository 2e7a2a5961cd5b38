"""Rendered files: text in memory first, then a folder that is changed as a whole or not at all.

The folder keeps a list of what was written (`.observe-rendered.json`). A file that is not on it, or
that someone has changed since, is never overwritten and never removed.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from ruamel.yaml.scalarstring import LiteralScalarString

from observe.errors import OutputError
from observe.export.yaml_io import dump_documents
from observe.folders import require_writable

#: Relative path, with `/` between folders → text.
Rendered = Mapping[str, str]

INDEX = ".observe-rendered.json"
_VERSION = "observe/rendered/v1"

Action = Literal["add", "change", "remove"]


@dataclass(frozen=True, order=True)
class Change:
    """What writing would do to one file.

    Attributes:
        path: relative path.
        action: `add`, `change` or `remove`.
        diff: unified difference, lines ended; empty only for an empty new file.
    """

    path: str
    action: Action
    diff: str


def yaml_text(documents: Iterable[Any], comments: Sequence[str] = ()) -> str:
    """YAML of plain values, texts of several lines as blocks that people can read.

    Args:
        documents: mappings, lists and scalars.
        comments: lines written above, without `#`.
    """
    return dump_documents([_with_blocks(document) for document in documents], comments)


def changes(files: Rendered, folder: Path) -> list[Change]:
    """What :func:`write_rendered` would change in a folder; none when it holds all this already.

    Raises:
        OutputError: it cannot be read, or would be refused by :func:`write_rendered`.
    """
    written = _listed(folder)
    there = _there(folder, {*files, *written})
    _require_ours(files, folder, written, there)
    found = []
    for path in sorted({*files, *there}):
        old, new = there.get(path), files.get(path)
        if new is None and path not in written:
            continue
        if old != new:
            action: Action = "add" if old is None else "remove" if new is None else "change"
            found.append(Change(path, action, _difference(path, old, new)))
    return found


def write_rendered(files: Rendered, folder: Path) -> list[Change]:
    """Bring a folder to hold these files: each is written beside its place and renamed.

    Files of earlier runs that are no longer rendered are removed; others are left alone. A run that
    is stopped half-way leaves a folder that the next run completes.

    Returns:
        What was changed; nothing when the folder held all this already.

    Raises:
        OutputError: a file is in the way that was not written by this, or was changed since; or
            the folder cannot be written. Nothing is changed then.
    """
    require_writable(folder)
    found = changes(files, folder)
    if not found and (folder / INDEX).is_file():
        return []
    written = _listed(folder)
    final = {path: [_digest(text)] for path, text in files.items()}
    both = {
        path: sorted({*written.get(path, []), *final.get(path, [])}) for path in {*written, *final}
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / INDEX, _index(both))
        for change in found:
            if change.action != "remove":
                _replace(folder / change.path, files[change.path])
        for change in found:
            if change.action == "remove":
                _remove(folder, change.path)
        _replace(folder / INDEX, _index(final))
    except OSError as error:
        raise OutputError(
            f"{folder} could not be written: {error.strerror or error}",
            "free some space or name another folder with --output, then run it again",
        ) from error
    return found


def _with_blocks(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_blocks(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_blocks(item) for item in value]
    if isinstance(value, str) and "\n" in value:
        return LiteralScalarString(value)
    return value


def _difference(path: str, old: str | None, new: str | None) -> str:
    lines = difflib.unified_diff(
        (old or "").splitlines(keepends=True),
        (new or "").splitlines(keepends=True),
        "/dev/null" if old is None else f"a/{path}",
        "/dev/null" if new is None else f"b/{path}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _require_ours(
    files: Rendered, folder: Path, written: Mapping[str, list[str]], there: Rendered
) -> None:
    for path, text in sorted(there.items()):
        if text == files.get(path) or _digest(text) in written.get(path, []):
            continue
        what = "was changed by hand" if path in written else "was not written by this command"
        raise OutputError(
            f"{folder / path} {what}",
            "move your change into an overlay, or the file away, or name another --output",
        )


def _there(folder: Path, paths: Iterable[str]) -> dict[str, str]:
    """The texts of those files that exist."""
    found = {}
    for path in paths:
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or path in ("", INDEX):
            raise OutputError(f"{path!r} is no path inside {folder}", f"delete {folder / INDEX}")
        place = folder / pure
        try:
            if os.path.lexists(place):
                found[path] = place.read_bytes().decode("utf-8", "replace")
        except OSError as error:
            raise OutputError(
                f"{place} cannot be read: {error.strerror or error}", "choose another --output"
            ) from error
    return found


def _listed(folder: Path) -> dict[str, list[str]]:
    """Path → digests that a file of ours may have; empty for a folder that is not ours."""
    try:
        document = json.loads((folder / INDEX).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{folder / INDEX} cannot be read", "delete it together with the files beside it"
        ) from error
    files = document.get("files") if isinstance(document, dict) else None
    if not isinstance(files, dict) or document.get("schemaVersion") != _VERSION:
        raise OutputError(
            f"{folder / INDEX} is not of this version", "name another folder with --output"
        )
    return {str(path): [str(digest) for digest in digests] for path, digests in files.items()}


def _index(files: Mapping[str, list[str]]) -> str:
    document = {"schemaVersion": _VERSION, "files": dict(sorted(files.items()))}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _replace(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f".{place.name}.new")
    beside.write_bytes(text.encode())
    beside.replace(place)


def _remove(folder: Path, path: str) -> None:
    """Remove a file and the folders that it leaves empty."""
    place = folder / path
    place.unlink(missing_ok=True)
    for parent in place.relative_to(folder).parents:
        if parent == Path() or any((folder / parent).iterdir()):
            return
        (folder / parent).rmdir()
