"""The rollback file: the former state of every object of a plan, and how far the plan came.

It is written before the first change and again around each change, always whole and readable by
its owner only. Secrets are named in it, but what is in them is not kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from observe.apply.cluster import Cluster
from observe.apply.model import JsonObject, Ref, Step
from observe.apply.ownership import applied_fields, fingerprint, manager
from observe.documents import CamelModel
from observe.errors import InputError, OutputError
from observe.folders import write_private

State = Literal["pending", "started", "done"]


class Entry(CamelModel):
    """One object.

    Attributes:
        before: its former state; None when it was absent, or is a Secret.
        applied: what was sent; None for deletions and Secrets.
        state: started says that the outcome is not known.
        fingerprint: of the object as we left it (`ownership.fingerprint`); None until then.
        fields: the field set that we had after the change.
    """

    api_version: str
    kind: str
    namespace: str
    name: str
    action: Literal["create", "change", "prune"]
    before: JsonObject | None
    applied: JsonObject | None
    state: State = "pending"
    fingerprint: str | None = None
    fields: JsonObject = Field(default_factory=dict)

    @property
    def ref(self) -> Ref:
        """The object's place."""
        return Ref(self.api_version, self.kind, self.namespace, self.name)


class Record(CamelModel):
    """A rollback file."""

    schema_version: Literal["observe/rollback/v1"] = "observe/rollback/v1"
    created_at: datetime
    cluster: str
    server: str
    cluster_uid: str
    owner: str
    entries: tuple[Entry, ...]


class Journal:
    """Keeps a rollback file in step with the execution of a plan.

    Raises:
        OutputError: the file exists or cannot be written.
    """

    def __init__(
        self, path: Path, cluster: Cluster, owner: str, steps: Sequence[Step], moment: datetime
    ) -> None:
        if os.path.lexists(path):
            raise OutputError(f"{path} exists already", "Name another file, to keep its contents")
        self.path = path
        self.owner = owner
        self.record = Record(
            created_at=moment,
            cluster=cluster.name,
            server=cluster.server,
            cluster_uid=cluster.uid,
            owner=owner,
            entries=tuple(_entry(step) for step in steps),
        )
        self._write()

    def started(self, index: int) -> None:
        """The change of one object is about to be sent."""
        self._update(index, {"state": "started"})

    def done(self, index: int, after: JsonObject | None) -> None:
        """The change is made, and left the object like this; None for a deletion."""
        news: dict[str, Any] = {"state": "done"}
        if after is not None:
            name = manager(self.owner)
            news["fingerprint"] = fingerprint(after, name)
            news["fields"] = applied_fields(after, name)
        self._update(index, news)

    def _update(self, index: int, news: dict[str, Any]) -> None:
        entries = list(self.record.entries)
        entries[index] = entries[index].model_copy(update=news)
        self.record = self.record.model_copy(update={"entries": tuple(entries)})
        self._write()

    def _write(self) -> None:
        text = self.record.model_dump_json(by_alias=True, indent=1) + "\n"
        try:
            write_private(self.path, text, replace=True)
        except OSError as error:
            raise OutputError(
                f"the rollback file {self.path} cannot be written: {error.strerror or error}",
                "Choose another folder with --rollback-folder",
            ) from error


def _entry(step: Step) -> Entry:
    secret = step.ref.kind == "Secret"
    return Entry.model_validate(
        {
            "api_version": step.ref.api_version,
            "kind": step.ref.kind,
            "namespace": step.ref.namespace,
            "name": step.ref.name,
            "action": step.action,
            "before": None if secret else step.live,
            "applied": None if secret else step.desired,
        }
    )


def load_record(path: Path) -> Record:
    """Read a rollback file.

    Raises:
        InputError: it cannot be read or is something else.
    """
    try:
        return Record.model_validate(json.loads(path.read_bytes()))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError, ValidationError) as error:
        raise InputError(
            f"{path} is no rollback file", "Name the file that --apply wrote (observe-rollback-*)"
        ) from error
