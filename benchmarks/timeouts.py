"""How many recommended timeouts hold the week after, on meshes whose truth is known.

    python benchmarks/timeouts.py [--meshes N] [--services N] [--markdown]

Random meshes are drawn from seeds that no test uses. Each leaves one week of telemetry in Istio's
default buckets; the recommender sees only that. Then the truth tells, without sampling, which
share of the successes of the following week each timeout cuts, and the p99.9 of the busiest hours.
Beside it the rule of thumb that people type today: histogram_quantile(0.999) x 1.2 over the week.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from observe.demo.judge import cut_next_week, judge_timeouts
from observe.demo.random_mesh import random_mesh
from observe.demo.simulate import snapshot_from_truth
from observe.recommend.engine import recommend
from observe.signals.latency import TargetLatency, latency_by_target
from observe.stats.quantile import linear_quantile

START = datetime(2026, 3, 2, tzinfo=UTC)
FIRST_SEED = 10_000
RATE = 0.001


@dataclass(frozen=True)
class Case:
    """One target: what was proposed (ms; None: withheld) and what the truth says.

    `verdict` is "recommend", "withhold", or "either" where the data sits on a threshold.
    """

    target: str
    verdict: str
    ours_ms: float | None
    reason: str
    naive_ms: float | None
    true_ms: float
    ours_cut: float
    naive_cut: float


def naive_timeout(latency: TargetLatency | None) -> float | None:
    """histogram_quantile(0.999) x 1.2 over the whole week; None without any request."""
    if latency is None or latency.histogram().total <= 0:
        return None
    return linear_quantile(latency.histogram(), 1.0 - RATE) * 1.2


def judge(seed: int, services: int) -> Iterator[Case]:
    """Every target of one random mesh."""
    truth = random_mesh(seed, services).starting(START)
    snapshot = snapshot_from_truth(truth, seed, START)
    cubes = latency_by_target(snapshot)
    for judged in judge_timeouts(recommend(snapshot), truth, RATE):
        naive = naive_timeout(cubes.get(judged.target))
        yield Case(
            target=judged.target,
            verdict=judged.expected.verdict,
            ours_ms=judged.timeout_ms,
            reason=",".join(judged.reasons) or "ABSENT",
            naive_ms=naive,
            true_ms=judged.true_ms,
            ours_cut=judged.cut,
            naive_cut=cut_next_week(truth, judged.target, naive),
        )


@dataclass(frozen=True)
class Score:
    """How one method did on the targets for which it gave a number."""

    given: int
    in_budget: float
    median_ratio: float
    within_60_percent: float
    worst_ratio: float
    wrongly_given: int
    wrongly_withheld: int


def score(cases: list[Case], ours: bool) -> Score:
    """Score a method; ratios over the targets that should get a number."""
    value = [c.ours_ms if ours else c.naive_ms for c in cases]
    cut = [c.ours_cut if ours else c.naive_cut for c in cases]
    good = [i for i, c in enumerate(cases) if value[i] is not None and c.verdict != "withhold"]
    ratio = np.array([(value[i] or 0.0) / cases[i].true_ms for i in good])
    return Score(
        given=sum(v is not None for v in value),
        in_budget=float(np.mean([cut[i] <= RATE for i in good])),
        median_ratio=float(np.median(ratio)),
        within_60_percent=float(np.mean((ratio <= 1.6) & (ratio >= 1 / 1.6))),
        worst_ratio=float(ratio.max()),
        wrongly_given=sum(
            v is not None and c.verdict == "withhold" for v, c in zip(value, cases, strict=True)
        ),
        wrongly_withheld=sum(
            v is None and c.verdict == "recommend" for v, c in zip(value, cases, strict=True)
        ),
    )


ROWS = (
    ("targets with a timeout", "given", "{:d}"),
    ("cut within the budget the week after", "in_budget", "{:.1%}"),
    ("median of timeout / true p99.9 of the busiest hours", "median_ratio", "{:.2f}"),
    ("within a factor of 1.6", "within_60_percent", "{:.1%}"),
    ("largest ratio", "worst_ratio", "{:.2f}"),
    ("given though it must be withheld", "wrongly_given", "{:d}"),
    ("withheld though a number was due", "wrongly_withheld", "{:d}"),
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--meshes", type=int, default=20)
    parser.add_argument("--services", type=int, default=30)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table")
    parser.add_argument("--cases", action="store_true", help="print every target")
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.meshes)
    cases = [case for seed in seeds for case in judge(seed, options.services)]
    if options.cases:
        for c in sorted(cases, key=lambda c: (c.ours_ms or 0) / c.true_ms):
            print(
                f"{c.target:40s} {c.ours_ms or 0:9.0f} {c.true_ms:9.1f} "
                f"{(c.ours_ms or 0) / c.true_ms:6.2f} {c.ours_cut:.5f} {c.reason}"
            )
    print(
        f"{len(cases)} targets in {options.meshes} meshes, "
        f"{sum(c.verdict == 'withhold' for c in cases)} must be withheld"
    )
    print()
    ours, naive = score(cases, ours=True), score(cases, ours=False)
    bar = "|" if options.markdown else " "
    print(f"{bar} {'':55s}{bar} {'observe':>10s} {bar} {'hq(.999) x 1.2':>14s} {bar}")
    if options.markdown:
        print("|---|---|---|")
    for title, name, form in ROWS:
        print(
            f"{bar} {title:55s}{bar} {form.format(getattr(ours, name)):>10s} "
            f"{bar} {form.format(getattr(naive, name)):>14s} {bar}"
        )
    print()
    counts = Counter(c.reason for c in cases if c.ours_ms is None)
    print("withheld: " + ", ".join(f"{reason} {n}" for reason, n in counts.most_common()))


if __name__ == "__main__":
    main()
