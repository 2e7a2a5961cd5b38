"""What an export changes: fields of objects, for a recommendation each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from observe.export.existing import ExistingObject
from observe.export.refusals import Refusal, Skipped
from observe.recommend.model import AnyRecommendation

ObjectKind = Literal["VirtualService", "DestinationRule", "Sidecar"]

#: A value of a field; durations as Istio writes them.
Scalar = str | int | float


@dataclass(frozen=True)
class FieldChange:
    """One field that is set or taken away.

    Attributes:
        path: keys below the place it is written in: the http route, the trafficPolicy, the spec.
        before: what is set today; None for nothing.
        after: what the export sets; None takes it away.
        proposed: what the recommendation asked for.
        limited: whether the step was limited.
    """

    path: tuple[str, ...]
    before: Scalar | None
    after: Scalar | None
    proposed: Scalar | None
    limited: bool = False

    @property
    def name(self) -> str:
        """The field for a reader: `retries.attempts`."""
        return ".".join(self.path)


@dataclass(frozen=True)
class Change:
    """What one recommendation changes in one object.

    Attributes:
        id: id of the recommendation.
        kind: kind of the object.
        action: "create" the object or "edit" one.
        host: full name of the service.
        fields: what is set, at least one.
        advice: the recommendation.
        existing: the object to edit; None for a new one.
        routes: indexes of the http routes to edit, of a VirtualService.
        notes: what a reader should know besides.
        path: file of the export; filled in when files are laid out.
    """

    id: str
    kind: ObjectKind
    action: Literal["create", "edit"]
    host: str
    fields: tuple[FieldChange, ...]
    advice: AnyRecommendation
    existing: ExistingObject | None = None
    routes: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    path: str = ""

    @property
    def limited(self) -> bool:
        """Whether a step was limited."""
        return any(each.limited for each in self.fields)

    @property
    def same_object(self) -> tuple[str | None, str, str]:
        """What changes of one object have in common: cluster, host and kind."""
        return (self.advice.target.cluster, self.host, self.kind)


@dataclass
class Outcome:
    """A growing collection of decisions."""

    changes: list[Change] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
