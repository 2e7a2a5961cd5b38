"""What targets are called, in every output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from observe.recommend.model import AnyRecommendation
from observe.report.escape import shorten
from observe.report.lines import KIND_NAMES
from observe.target import Target


class HasTarget(Protocol):
    """A recommendation, what is withheld, or anything else about one target."""

    @property
    def target(self) -> Target:
        """What it is about."""


def service_name(item: HasTarget) -> str:
    """Short name of the target."""
    return shorten(item.target.path.split("/", 2)[2] or "(no name)")


def place(item: HasTarget) -> str:
    """Namespace and cluster of the target."""
    cluster = f", cluster {shorten(item.target.cluster)}" if item.target.cluster else ""
    return f"{shorten(item.target.namespace or '(no namespace)')}{cluster}"


def names_text(items: Sequence[AnyRecommendation], most: int = 8) -> str:
    """`timeout of cart (shop), retries of payment (shop) and 3 more`."""
    text = ", ".join(
        f"{KIND_NAMES[item.kind]} of {service_name(item)} ({place(item)})" for item in items[:most]
    )
    return text + (f" and {len(items) - most} more" if len(items) > most else "")
