"""What to export, and how far one run may go."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from observe.durations import shown
from observe.errors import InputError
from observe.export.fields import OF_KIND
from observe.export.refusals import Skipped
from observe.export.releases import Release, read_release
from observe.recommend.base_model import CONFIDENCES, Confidence
from observe.recommend.model import Advice, AnyRecommendation

#: The release that began to serve networking.istio.io/v1.
_V1_SINCE = (1, 22)


@dataclass(frozen=True)
class ExportOptions:
    """What to export.

    Attributes:
        only: globs; a recommendation is taken when its kind (`retry`), its target
            (`east/shop/*`) or its id matches one. Empty: all.
        min_confidence: the lowest confidence that is exported.
        max_change: a number that is set is at most multiplied or divided by this in one run;
            above 1.
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
        if self.istio_version is not None:
            read_release(self.istio_version)

    @property
    def release(self) -> Release | None:
        """The release that is asked for; None where none is named."""
        return read_release(self.istio_version) if self.istio_version else None

    @property
    def api_version(self) -> str:
        """`v1`, or `v1beta1` for releases that do not serve v1."""
        return "v1beta1" if self.lacks(_V1_SINCE) else "v1"

    def lacks(self, since: tuple[int, int] | None) -> bool:
        """Whether the release that is asked for does not have what came with `since`."""
        return since is not None and self.release is not None and self.release.minor < since

    def selects(self, recommendation: AnyRecommendation) -> bool:
        """Whether `only` names the recommendation."""
        names = (recommendation.kind, recommendation.target.path, recommendation.id)
        return not self.only or any(
            fnmatchcase(name, pattern) for name in names for pattern in self.only
        )


def exported(advice: Advice) -> list[AnyRecommendation]:
    """The recommendations of the kinds that are exported."""
    return [r for r in advice.recommendations if r.kind in OF_KIND]


def in_cluster(advice: Advice, cluster: str | None) -> list[AnyRecommendation]:
    """The recommendations of one cluster, or all, sorted by id.

    Raises:
        InputError: the advice knows clusters, but not this one.
    """
    known = {r.target.cluster for r in exported(advice)}
    known |= {w.target.cluster for w in advice.withheld}
    if cluster is not None and known and cluster not in known:
        names = ", ".join(sorted(name for name in known if name)) or "none by name"
        raise InputError(f"the advice has nothing for the cluster '{cluster}'", f"it has: {names}")
    chosen = [r for r in exported(advice) if cluster is None or r.target.cluster == cluster]
    return sorted(chosen, key=lambda r: r.id)


def left_alone(
    recommendations: list[AnyRecommendation], options: ExportOptions
) -> Iterator[tuple[AnyRecommendation, Skipped | None]]:
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
