"""How good retries, pools and outlier detection are, on meshes whose truth is known.

    python benchmarks/policies.py [--meshes N] [--services N] [--cases]

Random meshes are drawn from seeds that no test uses. Each leaves one week of telemetry; the
recommenders see only that. Then:

- retries: which of the failures they were advised for can be cured at all. Cases count as curable
  where clearly more fails than the policy asks for, and where the telemetry can tell. What they
  add to the load is held against client proxies that carry the advice out request by request in
  the worst hour of the week;
- pools: against the p99.9 of the requests under way in the following week;
- outlier detection: ejections of healthy hosts that the truth expects in a week, and whether the
  proxies eject the hosts that fail;
- everything: exported beside the settings that the mesh has, and judged by the linter;
- the plan: its time for 1,000 services and 5,000 calls.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime

from policies_emitted import current_of, findings_of, report_findings, seconds_of_plan
from policies_outliers import OutlierCase, judge_outliers, report_outliers
from policies_pools import PoolCase, judge_pools, report_pools
from policies_retries import RetryCase, judge_retries, report_retries

from observe.demo.policy_truth import policy_truth
from observe.demo.random_policy_mesh import random_policy_mesh
from observe.demo.simulate import snapshot_from_truth
from observe.lint.model import Finding
from observe.recommend.engine import recommend
from observe.recommend.policy import OutlierPolicy

START = datetime(2026, 3, 2, tzinfo=UTC)
FIRST_SEED = 10_000


class Figures:
    """What all meshes together came to."""

    def __init__(self) -> None:
        self.targets = 0
        self.retries: list[RetryCase] = []
        self.pools: list[PoolCase] = []
        self.outliers: list[OutlierCase] = []
        self.files = 0
        self.findings: list[Finding] = []

    def add(self, seed: int, services: int) -> None:
        """Judge one mesh."""
        truth = random_policy_mesh(seed, services).starting(START)
        snapshot = snapshot_from_truth(truth, seed, START)
        current = current_of(truth)
        advice = recommend(snapshot, current=current)
        truths = {target: policy_truth(truth, target) for target in truth.targets}
        self.targets += len(truths)
        self.retries += judge_retries(truth, advice, truths)
        self.pools += judge_pools(truth, advice)
        self.outliers += judge_outliers(truth, advice, truths)
        files, findings = findings_of(truth, snapshot, advice, current)
        self.files += files
        self.findings += findings

    def sections(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The figures under their headings."""
        return [
            ("retries", report_retries(self.retries)),
            ("connection pools", report_pools(self.pools, self.targets)),
            (
                "outlier detection",
                report_outliers(self.outliers, OutlierPolicy().false_ejections_per_week),
            ),
            ("the linter's view of what is exported", report_findings(self.files, self.findings)),
        ]

    def print_cases(self) -> None:
        """Every case, one to a line."""
        for case in (*self.retries, *self.pools, *self.outliers, *self.findings):
            print(case)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--meshes", type=int, default=6)
    parser.add_argument("--services", type=int, default=40)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--cases", action="store_true", help="print every target")
    options = parser.parse_args()
    clock = time.perf_counter()
    figures = Figures()
    for seed in range(options.first_seed, options.first_seed + options.meshes):
        figures.add(seed, options.services)
    if options.cases:
        figures.print_cases()
    print(f"{figures.targets} targets in {options.meshes} meshes")
    for title, rows in figures.sections():
        print(f"\n{title}")
        for name, value in rows:
            print(f"  {name:60s} {value}")
    print("\nthe plan of 1,000 services and 5,000 calls")
    print(f"  {'seconds':60s} {seconds_of_plan(1_000, 5_000, options.first_seed):.2f}")
    print(f"\n{time.perf_counter() - clock:.0f} s in all")


if __name__ == "__main__":
    main()
