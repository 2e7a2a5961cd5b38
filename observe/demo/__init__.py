"""The simulated mesh with known truth: for the demo, for tests and for benchmarks."""

from observe.demo.exact import (
    Expectation,
    expectation,
    expected_successes,
    true_edge_quantile,
    true_fraction_above,
    true_quantile,
)
from observe.demo.shop import demo_mesh
from observe.demo.shop_yaml import demo_current_yaml
from observe.demo.simulate import snapshot_from_truth
from observe.demo.truth import Truth

__all__ = [
    "Expectation",
    "Truth",
    "demo_current_yaml",
    "demo_mesh",
    "expectation",
    "expected_successes",
    "snapshot_from_truth",
    "true_edge_quantile",
    "true_fraction_above",
    "true_quantile",
]
