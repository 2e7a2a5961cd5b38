"""How many hosts may be ejected at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observe.recommend.outlier_hosts import Limits, Replicas, limits, most_ejected


def _replicas(count: list[float], per_host: list[float] | None = None) -> Replicas:
    hosts = np.array(count, dtype=float)
    each = np.array(per_host or [10.0] * len(count))
    return Replicas(hosts, hosts * each, each, reported=True)


@pytest.mark.parametrize(
    ("percent", "hosts", "ejected"),
    [
        (10, 3, 0),
        (33, 3, 0),
        (34, 3, 1),
        (50, 2, 1),
        (49, 2, 0),
        (10, 10, 1),
        (10, 19, 1),
        (100, 4, 4),
    ],
)
def test_envoy_ejects_one_more_only_when_the_percent_holds_it(percent, hosts, ejected):
    assert most_ejected(percent, hosts) == ejected


@pytest.mark.parametrize(
    ("hosts", "percent", "health"),
    [(2, 50, 50), (3, 34, 66), (4, 25, 75), (5, 20, 80), (10, 20, 80)],
)
def test_small_services_let_one_host_go_and_larger_ones_what_the_rest_can_bear(
    hosts, percent, health
):
    found = limits(_replicas([hosts] * 24), spare=0.25)
    assert (found.percent, found.health) == (percent, health)


def test_the_rest_must_have_been_seen_to_bear_the_load():
    calm = _replicas([6] * 3, [10.0, 10.0, 10.0])
    assert limits(calm, spare=0.0) == Limits(17, 83, 1, borne=False)
    quiet_now = Replicas(
        np.full(3, 6.0), np.full(3, 60.0), np.array([30.0, 10.0, 10.0]), reported=True
    )
    assert limits(quiet_now, spare=0.0) == Limits(34, 66, 2, borne=True)


def test_the_fewest_replicas_decide_the_percent():
    found = limits(_replicas([3, 3, 12, 12]), spare=0.25)
    assert found.percent == 34
    assert most_ejected(found.percent, 12) == 4


def test_a_step_with_a_single_host_does_not_make_a_service_of_one():
    assert _replicas([4, 4, 1, 4]).fewest == 4
    assert _replicas([1, 1, 1, 2]).fewest == 1


def test_peak_to_capacity_compares_the_peak_with_what_one_host_bore():
    uneven = Replicas(np.array([2.0, 2.0]), np.array([40.0, 20.0]), np.array([25.0, 10.0]), True)
    assert uneven.peak_to_capacity == pytest.approx(0.8)


@given(st.integers(2, 60), st.integers(0, 60), st.floats(0, 2))
def test_one_host_can_always_go_and_never_all_of_them(fewest, more, spare):
    found = limits(_replicas([fewest, fewest + more]), spare)
    for hosts in (fewest, fewest + more):
        out = most_ejected(found.percent, hosts)
        assert 1 <= out < hosts
        assert 100 * (hosts - out) / hosts >= found.health  # panic does not undo the ejection
