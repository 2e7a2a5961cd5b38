"""What is told of a recommendation in lines, whatever its kind: report and explain say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from observe.recommend.base_model import Kind
from observe.report.format import length_text
from observe.report.quality import Fact


@dataclass(frozen=True)
class Lines:
    """A recommendation in words; `observe.report.kinds.lines_of` makes them.

    Attributes:
        now: what is set, short: `2 s`, `none`, `not known`.
        proposed: what should be, short.
        action: what to do, an imperative without a full stop.
        effect: what that changes, a clause without a full stop.
        evidence: what was measured, each with its unit.
        predicted: what the proposal would have done to the window, with intervals.
        steps: how the number came about, from the evidence and the policy alone.
        backtest: the check on data that was not learned from, in sentences.
        held: whether that check kept within what the policy accepts; None without one.
    """

    now: str
    proposed: str
    action: str
    effect: str
    evidence: tuple[Fact, ...]
    predicted: tuple[Fact, ...]
    steps: tuple[str, ...]
    backtest: str
    held: bool | None


#: What each kind is called in a sentence.
KIND_NAMES: Mapping[Kind, str] = {
    "timeout": "timeout",
    "retry": "retries",
    "connectionPool": "connection pool",
    "outlierDetection": "outlier detection",
    "resources": "resources",
    "sidecarResources": "resources of the sidecar",
    "controlPlane": "control plane",
    "autoscaling": "autoscaling",
}


def learned_text(test: Any) -> tuple[str, str]:
    """The lengths of the two parts of a backtest: (learned on, tested on)."""
    parts = (test.trained_on, test.tested_on)
    trained, tested = (length_text((end - start).total_seconds()) for start, end in parts)
    return trained, tested


def verdict_text(low: float, high: float, accepted: float, words: str) -> str:
    """Whether an interval keeps within what is accepted; `words` names that."""
    if low > accepted:
        return f"more than {words}"
    if high > accepted:
        return f"within noise of {words}"
    return f"within {words}"
