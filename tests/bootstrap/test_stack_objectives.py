from __future__ import annotations

import math

import pytest

from observe.bootstrap.objectives import bounds_around_latency
from observe.bootstrap.stack import Objectives, Stack


@pytest.mark.parametrize(
    ("latency", "around"),
    [
        (1000, None),
        (0.5, None),
        (700, (500.0, 1000.0)),
        (0.1, (0.0, 0.5)),
        (4e6, (3_600_000.0, math.inf)),
    ],
)
def test_a_latency_between_two_buckets_names_both(
    latency: float, around: tuple[float, float] | None
) -> None:
    assert bounds_around_latency(Stack(objectives=Objectives(latency_ms=latency))) == around
