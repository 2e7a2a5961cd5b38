"""Decided changes as texts of files, with the way back and the difference."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby

from observe.export.changes import Change, Refusal, RefusalReason
from observe.export.current import Current
from observe.export.merge import edits
from observe.export.validate import problems
from observe.export.virtualservice import object_name, provenance, virtual_service
from observe.export.yaml_edit import EditError, set_values
from observe.export.yaml_io import dump_documents
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
    """All files of an export; `changes` are laid out, every path serves one file."""
    current, out = current or Current(), Rendered()
    names: dict[tuple[str | None, str], set[str]] = {}
    for path, group in groupby(sorted(changes, key=lambda c: (c.path, c.id)), lambda c: c.path):
        members = list(group)
        if members[0].action == "create":
            _create(out, members[0], advice, current, names, api_version)
        else:
            _edit(out, path, members, advice, current)
    out.files = dict(sorted(out.files.items()))
    out.rollback = dict(sorted(out.rollback.items()))
    return out


def _create(
    out: Rendered,
    change: Change,
    advice: Advice,
    current: Current,
    names: dict[tuple[str | None, str], set[str]],
    api_version: str,
) -> None:
    target = change.advice.target
    taken = names.setdefault((target.cluster, target.namespace), set())
    taken |= {
        item.name
        for item in current.for_cluster(target.cluster)
        if item.namespace in (target.namespace, None)
    }
    name = object_name(change.host, target.namespace, taken)
    taken.add(name)
    data = virtual_service(
        change.host,
        target.namespace,
        change.after_ms,
        provenance(advice, change.advice),
        name=name,
        api_version=api_version,
    )
    wrong = problems(data)
    if wrong:
        reason = RefusalReason.INVALID_OBJECT
        message = f"Istio would refuse the object: {'; '.join(wrong)}"
        out.refused.append(Refusal(change.id, reason, message))
        return
    identity = {key: data[key] for key in ("apiVersion", "kind")}
    identity["metadata"] = {"name": name, "namespace": target.namespace}
    out.files[change.path] = dump_documents([data], [one_line(change.advice.message)])
    out.rollback[f"{DELETE}/{change.path}"] = dump_documents([identity])


def _edit(
    out: Rendered, path: str, changes: list[Change], advice: Advice, current: Current
) -> None:
    existing = changes[0].existing
    if existing is None:  # only `create` has none
        return
    name = existing.relative
    original = current.texts[name]
    wanted = {c.id: edits(c, provenance(advice, c.advice)) for c in changes}
    try:
        text = set_values(original, [v for values in wanted.values() for v in values], name)
    except EditError:  # find those that cannot be written, keep the others
        text = original
        for change in changes:
            try:
                text = set_values(text, wanted[change.id], name)
            except EditError as error:
                message = f"{existing.relative}: {error}"
                out.refused.append(Refusal(change.id, RefusalReason.NOT_EDITABLE, message))
    if text == original:
        return
    out.files[path] = text
    out.rollback[f"{RESTORE}/{path}"] = original
    out.diff += unified(original, text, f"a/{name}", f"b/{path}")


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
