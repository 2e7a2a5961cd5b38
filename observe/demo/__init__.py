"""The simulated mesh with known truth: for the demo, for tests and for benchmarks."""

from observe.demo.exact import (
    Expectation,
    expectation,
    expected_successes,
    true_edge_quantile,
    true_fraction_above,
    true_quantile,
)
from observe.demo.load import LoadSummary, load_week
from observe.demo.policy_truth import PolicyTruth, RetryEffect, policy_truth, retry_effect
from observe.demo.random_mesh import random_mesh
from observe.demo.random_policy_mesh import random_policy_mesh
from observe.demo.remote_write import push
from observe.demo.shop import demo_mesh
from observe.demo.shop_yaml import demo_current_yaml
from observe.demo.simulate import snapshot_from_truth
from observe.demo.truth import Truth

__all__ = [
    "Expectation",
    "LoadSummary",
    "PolicyTruth",
    "RetryEffect",
    "Truth",
    "demo_current_yaml",
    "demo_mesh",
    "expectation",
    "expected_successes",
    "load_week",
    "policy_truth",
    "push",
    "random_mesh",
    "random_policy_mesh",
    "retry_effect",
    "snapshot_from_truth",
    "true_edge_quantile",
    "true_fraction_above",
    "true_quantile",
]
