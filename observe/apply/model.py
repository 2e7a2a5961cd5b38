"""What a plan says: one step an object, before anything is changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from observe.errors import ObserveError

#: A Kubernetes object as plain values, or a part of one.
JsonObject = dict[str, Any]

Action = Literal["create", "change", "unchanged", "prune"]


@dataclass(frozen=True, order=True)
class Ref:
    """The place of an object; `namespace` is empty where its kind has none."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def group(self) -> str:
        """API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What names the object whatever version it is read in."""
        return (self.group, self.kind, self.namespace, self.name)

    @property
    def place(self) -> str:
        """`namespace/name`, or the name alone."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.place}"


@dataclass(frozen=True)
class FieldChange:
    """One field that would differ; values as short JSON, None where the field is absent."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Conflict:
    """A field whose value another manager set."""

    manager: str
    path: str


@dataclass(frozen=True)
class Step:
    """What happens to one object.

    Attributes:
        ref: the object.
        action: what applying the plan does to it.
        desired: the object that is sent; None for `prune`.
        live: the object as the cluster has it; None when it is absent.
        changes: fields that differ, as the server says.
        conflicts: fields of other managers; they stop the plan unless forced.
        checked: False when the server could not check it yet, because its namespace or its kind
            only comes with the plan.
    """

    ref: Ref
    action: Action
    desired: JsonObject | None = None
    live: JsonObject | None = None
    changes: tuple[FieldChange, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    checked: bool = True


@dataclass(frozen=True)
class Plan:
    """Every step for one cluster, in the order of execution.

    Attributes:
        cluster: the cluster's name in messages.
        owner: who owns the objects; the label's value.
        steps: objects in the order they are applied, then those to prune.
        warnings: what the server warned of, and what could not be looked at.
    """

    cluster: str
    owner: str
    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()

    def of(self, action: Action) -> tuple[Step, ...]:
        """The steps of one action."""
        return tuple(step for step in self.steps if step.action == action)

    @property
    def conflicting(self) -> tuple[Step, ...]:
        """Steps that need fields of other managers."""
        return tuple(step for step in self.steps if step.conflicts)

    def to_do(self, *, prune: bool) -> tuple[Step, ...]:
        """The steps that change something."""
        actions = {"create", "change", "prune"} if prune else {"create", "change"}
        return tuple(step for step in self.steps if step.action in actions)


@dataclass(frozen=True)
class Outcome:
    """What executing a plan left.

    Attributes:
        done: steps that are done, in order.
        left: steps that were not begun.
        failed: the step that was refused or interrupted.
        uncertain: whether `failed` may have been done all the same: no answer came.
        error: why it stopped; None when all is done, or when it was interrupted.
        interrupted: whether Ctrl-C or a signal stopped it.
        rollback_file: where the former state is; None when nothing was begun.
    """

    done: tuple[Step, ...] = ()
    left: tuple[Step, ...] = ()
    failed: Step | None = None
    uncertain: bool = False
    error: ObserveError | None = None
    interrupted: bool = False
    rollback_file: Path | None = None
