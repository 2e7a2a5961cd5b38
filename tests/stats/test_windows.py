from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observe.errors import InputError
from observe.stats.windows import busiest, split

volumes = st.lists(st.integers(0, 10_000), min_size=1, max_size=200)


def test_the_busiest_tenth_is_taken_when_it_holds_enough() -> None:
    mask = busiest(np.arange(100), 0.10, enough=900)
    assert np.flatnonzero(mask).tolist() == list(range(90, 100))


def test_more_steps_are_taken_until_there_is_enough() -> None:
    mask = busiest([5, 1, 4, 2, 3], 0.2, enough=10)
    assert mask.tolist() == [True, False, True, False, True]


def test_all_steps_are_taken_when_there_is_not_enough() -> None:
    assert busiest([5, 1, 0, 2], 0.25, enough=1_000).all()


@given(volumes, st.floats(0.01, 1), st.floats(0, 1e6))
def test_the_set_is_large_enough_busiest_and_smallest(
    counts: list[int], share: float, enough: float
) -> None:
    n = np.array(counts)
    mask = busiest(n, share, enough)
    steps = math.ceil(share * n.size - 1e-9)
    assert mask.sum() >= steps
    assert mask.all() or n[mask].sum() >= enough
    if not mask.all():
        assert n[mask].min() >= n[~mask].max()
        if mask.sum() > steps:
            assert n[mask].sum() - n[mask].min() < enough


@pytest.mark.parametrize(("share", "train"), [(0.7, 118), (0.001, 1), (0.999, 167)])
def test_a_split_is_in_time_order_and_never_leaves_a_part_empty(share: float, train: int) -> None:
    first, rest = split(168, share)
    assert first.sum() == train
    assert np.array_equal(first, ~rest)
    assert first[:train].all()


def test_a_split_takes_times_as_well_as_a_number() -> None:
    times = np.arange("2026-01-01", "2026-01-11", dtype="datetime64[D]")
    assert split(times, 0.7)[0].tolist() == [True] * 7 + [False] * 3


def test_a_share_of_everything_is_refused() -> None:
    with pytest.raises(InputError, match="strictly between"):
        split(10, 1.0)
