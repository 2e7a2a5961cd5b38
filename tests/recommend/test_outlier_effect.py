"""What ejection saves, and how long hosts stay out."""

import pytest

from observe.recommend.outlier_effect import (
    Settings,
    base_ejection_time,
    errors_avoided,
    part_avoided,
    requests_to_eject,
)
from observe.signals.host_episodes import Episode


def _episode(steps: int, rate: float, share: float = 1.0) -> Episode:
    requests = steps * 300 * rate
    return Episode("a", 0, steps, requests, share * requests, share * requests)


def test_a_dead_host_is_ejected_after_its_errors_in_a_row():
    assert requests_to_eject(Settings(5, 0), 1.0, 1.0) == pytest.approx(5.0)


def test_whichever_comes_first_ejects():
    assert requests_to_eject(Settings(14, 3), 1.0, 1.0) == pytest.approx(3.0)
    assert requests_to_eject(Settings(14, 3), 1.0, 0.0) == pytest.approx(14.0)
    assert requests_to_eject(Settings(0, 3), 1.0, 0.0) == float("inf")


def test_a_host_comes_back_fails_again_and_stays_out_for_longer():
    # 10 s exposed, 30 + 5 out, 10 exposed, 60 + 5 out, 10 exposed, out to the end
    assert part_avoided(200.0, 10.0, Settings(5, 0)) == pytest.approx(1 - 30 / 200)


def test_ejections_last_300_seconds_at_the_most():
    long = part_avoided(100_000.0, 10.0, Settings(5, 0, base=300.0))
    assert long == pytest.approx(305 / 315, abs=0.001)


def test_a_failure_that_is_over_before_the_ejection_is_not_avoided():
    assert part_avoided(60.0, 60.0, Settings(5, 0)) == 0.0


def test_more_proxies_take_longer_each_to_see_it():
    one = errors_avoided((_episode(12, 1.0),), Settings(5, 0), 300, proxies=1)
    ten = errors_avoided((_episode(12, 1.0),), Settings(5, 0), 300, proxies=10)
    assert one is not None
    assert ten is not None
    assert one[0] > 0.95 > ten[0]
    assert ten[1][0] < ten[0] < ten[1][1]


def test_without_a_failure_nothing_can_be_said():
    assert errors_avoided((), Settings(5, 0), 300, 1) is None
    assert base_ejection_time((), Settings(5, 0), 300, 1) == 30.0


def test_the_ejection_is_short_where_a_failing_host_is_found_at_once():
    assert base_ejection_time((_episode(12, 100.0),), Settings(5, 0), 300, 2) == 30.0


def test_the_ejection_is_long_where_each_return_costs_many_errors():
    slow = (_episode(24, 0.02),)
    assert base_ejection_time(slow, Settings(5, 0), 300, 1) == 60.0
