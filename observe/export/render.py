"""Decided changes as texts of files, with the way back and the difference."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from observe.export.changes import Change
from observe.export.current import Current
from observe.export.edits import by_object, edits, nested
from observe.export.provenance import provenance
from observe.export.refusals import Refusal, RefusalReason
from observe.export.validate import problems
from observe.export.virtualservice import destination_rule, object_name, virtual_service
from observe.export.yaml_edit import EditError, SetValue, set_values
from observe.export.yaml_io import YamlPath, dump_documents, load_documents
from observe.recommend.model import Advice

#: Below `rollback/`: originals of edited files to apply again, and new objects to delete.
RESTORE, DELETE = "restore", "delete"


@dataclass
class Rendered:
    """Texts by relative path.

    Attributes:
        files: what to apply.
        rollback: what brings the old state back, below `restore/` and `delete/`.
        diff: unified difference of the files that are edited.
        refused: changes that could not be written after all.
    """

    files: dict[str, str] = field(default_factory=dict)
    rollback: dict[str, str] = field(default_factory=dict)
    diff: str = ""
    refused: list[Refusal] = field(default_factory=list)


def render(
    changes: list[Change], advice: Advice, current: Current | None, api_version: str
) -> Rendered:
    """All files of an export; `changes` are laid out, every path serves one file.

    A recommendation is written as a whole or not at all: when one of its changes cannot be
    written, the others are left out, too.
    """
    refused: list[Refusal] = []
    while True:
        out = _rendered(changes, advice, current or Current(), api_version)
        lost = {refusal.id for refusal in out.refused}
        refused += {refusal.id: refusal for refusal in out.refused}.values()
        if not lost:
            break
        changes = [change for change in changes if change.id not in lost]
    out.refused = refused
    out.files = dict(sorted(out.files.items()))
    out.rollback = dict(sorted(out.rollback.items()))
    return out


def _rendered(changes: list[Change], advice: Advice, current: Current, version: str) -> Rendered:
    out = Rendered()
    names: dict[tuple[str | None, str, str], set[str]] = {}
    for path, group in groupby(sorted(changes, key=_order), lambda c: c.path):
        members = list(group)
        if members[0].action == "create":
            _create(out, members, advice, current, names, version)
        else:
            _edit(out, path, members, advice, current)
    return out


def _order(change: Change) -> tuple[str, int, str]:
    kinds = ("timeout", "retry", "connectionPool", "outlierDetection")
    return (change.path, kinds.index(change.advice.kind), change.id)


def _create(
    out: Rendered,
    changes: list[Change],
    advice: Advice,
    current: Current,
    names: dict[tuple[str | None, str, str], set[str]],
    version: str,
) -> None:
    first = changes[0]
    target, there = first.advice.target, current.for_cluster(first.advice.target.cluster)
    rules = current.counting(current.rules, target.cluster)
    taken = names.setdefault((target.cluster, target.namespace, first.kind), set())
    taken |= {
        item.name
        for item in (there if first.kind == "VirtualService" else rules)
        if item.namespace in (target.namespace, None)
    }
    name = object_name(first.host, target.namespace, taken)
    taken.add(name)
    data = _new(changes, advice, name, version)
    wrong = problems(data) if first.kind == "VirtualService" else []
    if wrong:
        message = f"Istio would refuse the object: {'; '.join(wrong)}"
        out.refused += [Refusal(c.id, RefusalReason.INVALID_OBJECT, message) for c in changes]
        return
    identity: dict[str, Any] = {key: data[key] for key in ("apiVersion", "kind")}
    identity["metadata"] = {"name": name, "namespace": target.namespace}
    comments = [one_line(change.advice.message) for change in changes]
    out.files[first.path] = dump_documents([data], comments)
    out.rollback[f"{DELETE}/{first.path}"] = dump_documents([identity])


def _new(changes: list[Change], advice: Advice, name: str, version: str) -> dict[str, Any]:
    make = virtual_service if changes[0].kind == "VirtualService" else destination_rule
    return make(
        changes[0].host,
        changes[0].advice.target.namespace,
        nested(each for change in changes for each in change.fields),
        provenance(advice, [change.advice for change in changes]),
        name=name,
        api_version=version,
    )


def _edit(
    out: Rendered, path: str, changes: list[Change], advice: Advice, current: Current
) -> None:
    existing = changes[0].existing
    if existing is None:  # only `create` has none
        return
    name = existing.relative
    original = current.texts[name]
    wanted: list[SetValue] = []
    for group in by_object(changes):
        wanted += edits(group, provenance(advice, [c.advice for c in group]))
    try:
        text = set_values(original, wanted, name)
    except EditError:
        text = _one_by_one(out, original, changes, advice)
    if text == original:
        return
    out.files[path] = text
    out.rollback[f"{RESTORE}/{path}"] = original
    out.diff += unified(original, text, f"a/{name}", f"b/{path}")


def _one_by_one(out: Rendered, text: str, changes: list[Change], advice: Advice) -> str:
    """Find the changes that cannot be written, and keep the others."""
    for change in changes:
        item = change.existing
        if item is None:
            continue
        data = _at(text, item.document.index, item.path, item.relative)
        wanted = edits([change], provenance(advice, [change.advice]), data)
        try:
            text = set_values(text, wanted, item.relative)
        except EditError as error:
            message = f"{item.relative}: {error}"
            out.refused.append(Refusal(change.id, RefusalReason.NOT_EDITABLE, message))
    return text


def _at(text: str, document: int, path: YamlPath, name: str) -> dict[str, Any]:
    """An object as it stands in a text now."""
    data: Any = next(d.data for d in load_documents(text, name) if d.index == document)
    for key in path:
        data = data[key]
    found: dict[str, Any] = data
    return found


def unified(before: str, after: str, old: str, new: str) -> str:
    """A unified difference that `patch -p1` and `git apply` read."""
    lines: Iterable[str] = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), old, new
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def one_line(text: str, limit: int = 300) -> str:
    """A text as one printable line, shortened."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    plain = " ".join(plain.split())
    return plain if len(plain) <= limit else plain[: limit - 3] + "..."
