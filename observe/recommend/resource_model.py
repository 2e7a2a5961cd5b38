"""What is advised for the CPU and memory of one container."""

from __future__ import annotations

from dataclasses import dataclass

from observe.recommend.base_model import Confidence
from observe.recommend.resource_cpu import CpuNeed
from observe.recommend.resource_memory import MemoryNeed
from observe.recommend.resource_reasons import ResourceReason
from observe.recommend.resource_score import Score

Graded = tuple[Confidence, tuple[ResourceReason, ...]]


@dataclass(frozen=True)
class CpuSize:
    """CPU in cores.

    Attributes:
        request: what to ask for.
        low, high: ends of the request's interval.
        limit: None for none.
        reasons: what shaped it.
        score: what the request would have meant in the window.
        need: how it came about.
    """

    request: float
    low: float
    high: float
    limit: float | None
    reasons: tuple[ResourceReason, ...]
    score: Score
    need: CpuNeed


@dataclass(frozen=True)
class MemorySize:
    """Memory in bytes.

    Attributes:
        request: what to ask for; above it a pod may be evicted.
        low, high: ends of the request's interval.
        limit: above it a container is killed.
        reasons: what shaped it.
        score, limit_score: what request and limit would have meant in the window.
        need: how it came about.
    """

    request: float
    low: float
    high: float
    limit: float
    reasons: tuple[ResourceReason, ...]
    score: Score
    limit_score: Score
    need: MemoryNeed


@dataclass(frozen=True)
class Size:
    """One variant; None for a resource that is withheld."""

    cpu: CpuSize | None
    memory: MemorySize | None


@dataclass(frozen=True)
class Withheld:
    """Why a resource has no size: `resource` is "cpu" or "memory"."""

    resource: str
    reason: ResourceReason
    message: str


@dataclass(frozen=True)
class Tested:
    """A backtest: requests from the first part of the window on the rest; None for no test."""

    cpu: Score | None
    memory: Score | None


@dataclass(frozen=True)
class Sizes:
    """What is advised for one container.

    Attributes:
        cost, balanced, safe: the variants; balanced is the one to take.
        cpu_confidence, memory_confidence: grades, with the reasons that lowered them; None
            where the resource is withheld.
        withheld: resources without a size.
        skew: the busiest pod's CPU over the mean, median over the steps; 1 when unknown.
        tested: the balanced variant learned on the first part of the window, on the rest.
    """

    cost: Size
    balanced: Size
    safe: Size
    cpu_confidence: Graded | None
    memory_confidence: Graded | None
    withheld: tuple[Withheld, ...]
    skew: float
    tested: Tested

    @property
    def confidence(self) -> Confidence | None:
        """The lower of both grades; None when both are withheld."""
        grades = [g[0] for g in (self.cpu_confidence, self.memory_confidence) if g]
        return min(grades, key=("low", "medium", "high").index) if grades else None
