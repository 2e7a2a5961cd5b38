"""An explanation from a snapshot: what the command line and a notebook both show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from observe.recommend.current import CurrentSettings
from observe.recommend.model import Advice, Withheld
from observe.recommend.policy import Policy
from observe.report.build import latency_cubes
from observe.report.explain import explain_kinds, explain_one
from observe.report.explain_find import Item
from observe.report.others import others_of
from observe.telemetry.snapshot import Snapshot

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True)
class Grounds:
    """What an explanation is made from: the advice, and what that was made from."""

    advice: Advice
    snapshot: Snapshot
    policy: Policy
    current: CurrentSettings | None = None


def explanation(items: Sequence[Item], grounds: Grounds) -> RenderableType:
    """One kind of advice with its formula and its neighbours, or several in short.

    Args:
        items: of one target, as :func:`~observe.report.explain_find.find_items` returns them.
        grounds: what they were made from.
    """
    advice, policy = grounds.advice, grounds.policy
    if len(items) > 1:
        return explain_kinds(items, advice, policy)
    item = items[0]
    if isinstance(item, Withheld):
        return explain_one(item, advice, policy)
    latency = None
    if item.kind == "timeout":
        latency = latency_cubes(grounds.snapshot).get(item.target.path)
    others = others_of(item, grounds.snapshot, policy, grounds.current)
    return explain_one(item, advice, policy, latency, others)
