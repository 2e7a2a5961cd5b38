"""The accuracy that the documentation claims, on the distributions of the benchmark."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from observe.stats.histogram import ISTIO_BUCKETS_MS, Histogram
from observe.stats.quantile import linear_quantile, quantile

BOUNDS = np.array(ISTIO_BUCKETS_MS)


@pytest.fixture(scope="module")
def distributions() -> ModuleType:
    folder = str(Path(__file__).parents[2] / "benchmarks")
    sys.path.insert(0, folder)
    try:
        import distributions

        return distributions
    finally:
        sys.path.remove(folder)


def errors(family: tuple, q: float) -> tuple[np.ndarray, np.ndarray]:
    """Absolute relative errors of our estimate, without the sum, and of the linear one."""
    ours, linear = [], []
    for d in family:
        h = Histogram(BOUNDS, np.round(d.masses(BOUNDS) * 1e9))
        truth = d.ppf(q)
        ours.append(abs(quantile(h, q).value / truth - 1))
        linear.append(abs(linear_quantile(h, q) / truth - 1))
    return np.array(ours), np.array(linear)


@pytest.mark.parametrize(
    ("q", "median", "ninetieth"),
    [(0.5, 0.005, 0.05), (0.9, 0.005, 0.10), (0.99, 0.005, 0.08), (0.999, 0.005, 0.08)],
)
def test_errors_on_named_distributions_stay_within_the_bars(
    distributions: ModuleType, q: float, median: float, ninetieth: float
) -> None:
    assert len(distributions.FAMILY) >= 40
    ours, linear = errors(distributions.FAMILY, q)
    assert np.median(ours) <= median
    assert np.quantile(ours, 0.9) <= ninetieth
    assert np.median(linear) > 9 * np.median(ours)


def test_errors_on_random_mixtures_stay_within_the_bars(distributions: ModuleType) -> None:
    rng = np.random.default_rng(4_711)
    family = tuple(distributions.random_mixture(rng) for _ in range(60))
    for q in (0.99, 0.999):
        ours, linear = errors(family, q)
        assert np.median(ours) <= 0.0075
        assert np.quantile(ours, 0.9) <= 0.08
        assert np.median(linear) > 9 * np.median(ours)
