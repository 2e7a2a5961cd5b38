"""What every recommendation says, whatever its kind."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from observe.documents import CamelModel
from observe.target import Target

Kind = Literal[
    "timeout",
    "retry",
    "connectionPool",
    "outlierDetection",
    "resources",
    "sidecarResources",
    "controlPlane",
    "autoscaling",
]
Confidence = Literal["low", "medium", "high"]
Severity = Literal["ok", "info", "warning", "critical"]

#: From harmless to urgent; `--fail-on` compares positions in this tuple.
SEVERITIES: tuple[Severity, ...] = ("ok", "info", "warning", "critical")
CONFIDENCES: tuple[Confidence, ...] = ("low", "medium", "high")

Interval = tuple[float, float]


class Recommendation(CamelModel):
    """One proposed change; the classes of each kind add what speaks for it.

    `proposed` uses the field names of the object it ends up in; a field that is null is one to be
    removed. `predicted_interval` names fields of `predicted` in JSON's spelling.
    """

    id: str
    kind: Kind
    target: Target
    current: dict[str, Any] | None
    proposed: dict[str, Any]
    confidence: Confidence
    severity: Severity
    reasons: tuple[str, ...]
    message: str = Field(description="one sentence for a person")
    predicted_interval: dict[str, Interval] = Field(default_factory=dict)

    def __repr__(self) -> str:
        """Short: the evidence takes a page."""
        about = f"{self.severity}, {self.confidence} confidence"
        return f"<{type(self).__name__} {self.id!r}: {about}>"

    __str__ = __repr__
