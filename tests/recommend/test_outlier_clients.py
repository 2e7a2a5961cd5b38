"""How often one client proxy asks one host."""

import numpy as np
import pytest

from observe.recommend.outlier_clients import callers_of
from observe.signals.error_cells import Client, ErrorCells

HOUR = (12, 3_600)


def _cells(*per_hour: tuple[int, int, float]) -> ErrorCells:
    """Cells of (client, hour, requests)."""
    client, hour, requests = zip(*per_hour, strict=True)
    n = np.array(requests, dtype=float)
    step = np.array(hour) * 12
    zero = np.zeros(n.size)
    return ErrorCells(
        (("shop", "web"), ("shop", "job")), np.array(client), step, n, zero, zero, zero, 0.0
    )


def _proxies(numbers: dict[str, float]):
    def of(client: Client):
        return np.full(24, numbers[client[1]]) if client[1] in numbers else None

    return of


def test_requests_are_shared_by_proxies_and_hosts():
    cells = _cells(*((0, hour, 36_000.0) for hour in range(24)))
    found = callers_of(cells, 5, _proxies({"web": 4}), HOUR)
    assert found.rate == pytest.approx(0.5)  # 10 a second over 4 x 5
    assert found.proxies == pytest.approx(4.0)
    assert found.known


def test_a_typical_request_comes_in_a_busy_hour():
    found = callers_of(_cells((0, 0, 9_000.0), (0, 1, 1_000.0)), 1, _proxies({"web": 1}), HOUR)
    assert found.rate == pytest.approx((0.9 * 9_000 + 0.1 * 1_000) / 3_600)


def test_a_workload_that_nothing_is_known_of_counts_for_one_proxy():
    found = callers_of(_cells((0, 0, 3_600.0)), 1, _proxies({}), HOUR)
    assert (found.rate, found.proxies, found.known) == (
        pytest.approx(1.0),
        pytest.approx(1.0),
        False,
    )


def test_most_of_the_requests_decide_whether_proxies_are_known():
    cells = _cells((0, 0, 9_000.0), (1, 0, 100.0))
    assert callers_of(cells, 1, _proxies({"web": 2}), HOUR).known
    assert not callers_of(cells, 1, _proxies({"job": 2}), HOUR).known
