"""Errors of healthy hosts, and how many in a row chance makes of them."""

import numpy as np
import pytest

from observe.recommend.outlier_base import (
    base_errors,
    fewest_in_a_row,
    healthy_cells,
    in_outage,
    worst_step,
)
from observe.recommend.policy import OutlierPolicy
from observe.signals.error_cells import ErrorCells
from observe.signals.hosts import ServiceHosts
from observe.stats.runs import Dependence, mean_wait

INDEPENDENT = Dependence(0.0, 0.0, 0.0)
WEEK = (7.0, 288)


def _cells(requests, errors, step=None, client=None, gateway=None) -> ErrorCells:
    n, x = np.asarray(requests, dtype=float), np.asarray(errors, dtype=float)
    return ErrorCells(
        (("shop", "web"), ("shop", "job")),
        np.zeros(n.size, dtype=np.int64) if client is None else np.asarray(client),
        np.arange(n.size) if step is None else np.asarray(step),
        n,
        x,
        x if gateway is None else np.asarray(gateway, dtype=float),
        np.zeros(n.size),
        0.0,
    )


def _even(share: float, requests: float = 1_000.0, seed: int = 1) -> ErrorCells:
    errors = np.random.default_rng(seed).binomial(int(requests), share, 2_016)
    return _cells(np.full(2_016, requests), errors)


def _base(cells: ErrorCells, dependence: Dependence = INDEPENDENT):
    return base_errors(cells, False, dependence, WEEK, 0.9)


def test_ejections_of_an_even_service_are_requests_over_the_mean_wait():
    base = _base(_even(0.01))
    found = base.ejections_per_week(3)
    assert found.middle == pytest.approx(2_016_000 / mean_wait(3, base.share), rel=0.02)
    assert found.low < found.middle < found.high


def test_a_base_that_never_failed_still_has_an_upper_end():
    base = _base(_cells(np.full(100, 100.0), np.zeros(100)))
    assert (base.share, base.low) == (0.0, 0.0)
    assert base.high == pytest.approx(3 / 10_000, rel=0.01)  # rule of three
    assert base.ejections_per_week(1).high > 0


def test_an_hour_that_is_worse_than_the_others_decides():
    errors = np.full(2_016, 1.0)
    errors[100:112] = 300.0
    bad = _base(_cells(np.full(2_016, 1_000.0), errors))
    assert bad.ejections_per_week(5).middle == pytest.approx(12_000 / mean_wait(5, 0.3), rel=0.05)
    assert bad.share == pytest.approx(0.0028, rel=0.01)


def test_a_handful_of_requests_that_failed_are_not_taken_for_a_bad_hour():
    n, x = np.full(2_000, 5.0), np.zeros(2_000)
    x[:100] = 1.0  # one of five, where it happened
    cells = _base(_cells(n, x)).ejections_per_week(4)
    assert cells.middle < 0.01


def test_a_bad_day_among_good_ones_widens_the_interval():
    errors = np.full(2_016, 10.0)
    errors[300:312] = 200.0
    calm = _base(_even(0.01)).ejections_per_week(4)
    odd = _base(_cells(np.full(2_016, 1_000.0), errors)).ejections_per_week(4)
    assert calm.high < 1.5 * calm.middle
    assert odd.high > 2.0 * odd.middle
    assert odd.low == 0.0


def test_errors_that_follow_one_another_ask_for_more_in_a_row():
    policy = OutlierPolicy()
    apart = fewest_in_a_row(_base(_even(0.01)), 1.0, policy)
    together = fewest_in_a_row(_base(_even(0.01), Dependence(0.2, 0.3, 0.4)), 1.0, policy)
    assert apart is not None
    assert together is not None
    assert apart < together


def test_the_number_in_a_row_is_the_smallest_below_the_budget():
    base = _base(_even(0.05))
    k = fewest_in_a_row(base, 1.0, OutlierPolicy())
    assert k is not None
    assert base.ejections_per_week(k).high < 1.0 <= base.ejections_per_week(k - 1).high


def test_a_service_that_fails_nearly_always_has_no_number():
    assert fewest_in_a_row(_base(_even(0.9)), 1.0, OutlierPolicy()) is None


def test_never_fewer_than_the_policy_says():
    base = _base(_cells(np.full(50, 10_000.0), np.zeros(50)))
    assert fewest_in_a_row(base, 1.0, OutlierPolicy(lowest_consecutive=4)) == 4


def test_an_outage_takes_the_steps_beside_it_along():
    mask = in_outage(_cells([100] * 6, [0, 0, 40, 100, 0, 0]))
    assert mask.tolist() == [False, False, True, True, True, False]


def test_a_client_whose_requests_all_fail_is_in_an_outage_of_its_own():
    cells = _cells([1_000, 20, 1_000, 1_000], [0, 20, 0, 0], [0, 0, 1, 5], [0, 1, 0, 0])
    assert in_outage(cells).tolist() == [False, True, False, False]


def test_what_goes_to_a_failing_host_is_no_healthy_request():
    n = np.array([[50.0, 50, 50, 50, 50], [50, 50, 50, 50, 50]])
    x = np.array([[0.0, 0, 50, 0, 0], [1, 0, 0, 0, 0]])
    hosts = ServiceHosts(("a", "b"), n, x, x, 300, 1)
    left = healthy_cells(_cells([100] * 5, [1, 0, 50, 0, 0]), hosts, x == 50)
    assert left.requests.tolist() == [100, 50, 50, 50, 100]
    assert left.errors.tolist() == [1, 0, 0, 0, 0]


def test_the_worst_hour_has_enough_requests_to_be_one():
    cells = _cells([2, 400, 400], [2, 40, 4], gateway=[2, 0, 4])
    assert worst_step(cells, 1, gateway=False) == pytest.approx(0.1)
    assert worst_step(cells, 1, gateway=True) == pytest.approx(0.01)
