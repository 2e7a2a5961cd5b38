"""What to export, and how far one run may go."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from observe.durations import shown
from observe.errors import InputError
from observe.export.changes import Skipped
from observe.recommend.base_model import CONFIDENCES, Confidence
from observe.recommend.model import Advice
from observe.recommend.timeout_model import TimeoutRecommendation

_VERSION = re.compile(r"v?(\d{1,4})\.(\d{1,4})(\.\d{1,4})?(-[\w.]+)?\Z")

#: The release that began to serve networking.istio.io/v1.
_V1_SINCE = (1, 22)


@dataclass(frozen=True)
class ExportOptions:
    """What to export.

    Attributes:
        only: globs; a recommendation is taken when its kind (`timeout`), its target
            (`east/shop/*`) or its id matches one. Empty: all.
        min_confidence: the lowest confidence that is exported.
        max_change: a set timeout is at most multiplied or divided by this in one run; above 1.
        cluster: only this cluster.
        istio_version: release of the control plane, such as `1.24`; None: a current one.
    """

    only: tuple[str, ...] = ()
    min_confidence: Confidence = "low"
    max_change: float = 2.0
    cluster: str | None = None
    istio_version: str | None = None

    def __post_init__(self) -> None:
        if not (self.max_change > 1 and math.isfinite(self.max_change)):
            raise InputError(
                f"the largest change is {self.max_change}", "give a factor above 1, such as 2"
            )
        if self.min_confidence not in CONFIDENCES:
            raise InputError(
                f"{shown(self.min_confidence)} is not a confidence",
                f"give one of {', '.join(CONFIDENCES)}",
            )
        if self.istio_version is not None and not _VERSION.match(self.istio_version):
            raise InputError(
                f"{shown(self.istio_version)} is not an Istio version", "write it as 1.24"
            )

    @property
    def api_version(self) -> str:
        """`v1`, or `v1beta1` for releases that do not serve v1."""
        found = _VERSION.match(self.istio_version) if self.istio_version else None
        old = found is not None and (int(found[1]), int(found[2])) < _V1_SINCE
        return "v1beta1" if old else "v1"

    def selects(self, recommendation: TimeoutRecommendation) -> bool:
        """Whether `only` names the recommendation."""
        names = (recommendation.kind, recommendation.target.path, recommendation.id)
        return not self.only or any(
            fnmatchcase(name, pattern) for name in names for pattern in self.only
        )


def in_cluster(advice: Advice, cluster: str | None) -> list[TimeoutRecommendation]:
    """The recommendations of one cluster, or all, sorted by id.

    Raises:
        InputError: the advice knows clusters, but not this one.
    """
    known = {r.target.cluster for r in advice.timeouts}
    known |= {w.target.cluster for w in advice.withheld}
    if cluster is not None and known and cluster not in known:
        names = ", ".join(sorted(name for name in known if name)) or "none by name"
        raise InputError(f"the advice has nothing for the cluster '{cluster}'", f"it has: {names}")
    chosen = [r for r in advice.timeouts if cluster is None or r.target.cluster == cluster]
    return sorted(chosen, key=lambda r: r.id)


def left_alone(
    recommendations: list[TimeoutRecommendation], options: ExportOptions
) -> Iterator[tuple[TimeoutRecommendation, Skipped | None]]:
    """Each recommendation, with the reason when no change is wanted from it."""
    lowest = CONFIDENCES.index(options.min_confidence)
    for item in recommendations:
        why = ""
        if not options.selects(item):
            why = "not selected"
        elif item.severity == "ok":
            why = "what is set already fits"
        elif CONFIDENCES.index(item.confidence) < lowest:
            why = f"confidence {item.confidence} is below {options.min_confidence}"
        yield item, Skipped(item.id, why) if why else None
