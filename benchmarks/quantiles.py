"""How far quantiles from Istio's default buckets are from the truth.

    python benchmarks/quantiles.py [--markdown]

Compares `histogram_quantile` (linear within the bucket) with ours, with and without `_sum`, on
named distributions of known truth and on random mixtures; then the coverage of the intervals.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from distributions import FAMILY, Distribution, random_mixture

from observe.stats.histogram import ISTIO_BUCKETS_MS, Histogram
from observe.stats.interval import quantile_interval
from observe.stats.quantile import linear_quantile, quantiles

BOUNDS = np.asarray(ISTIO_BUCKETS_MS)
LEVELS = (0.5, 0.9, 0.99, 0.999)
EXACT, SAMPLED = 1e9, 100_000
MIXTURES, MIXTURE_SEED, SAMPLE_SEED = 150, 20_260, 31

Estimator = Callable[[Histogram], list[float]]


def linear(h: Histogram) -> list[float]:
    return [linear_quantile(h, q) for q in LEVELS]


def ours(h: Histogram) -> list[float]:
    return [e.value for e in quantiles(replace(h, total_sum=None), LEVELS)]


def ours_with_sum(h: Histogram) -> list[float]:
    return [e.value for e in quantiles(h, LEVELS)]


ESTIMATORS: dict[str, Estimator] = {
    "histogram_quantile": linear,
    "ours": ours,
    "ours with _sum": ours_with_sum,
}


def exact(d: Distribution) -> Histogram:
    """Bucket probabilities, as counts that sampling no longer disturbs."""
    return Histogram(BOUNDS, np.round(d.masses(BOUNDS) * EXACT), d.mean() * EXACT)


def sampled(d: Distribution, n: int, rng: np.random.Generator) -> Histogram:
    """n requests with their own sum."""
    times = d.sample(n, rng)
    counts = np.bincount(np.searchsorted(BOUNDS, times), minlength=BOUNDS.size)
    return Histogram(BOUNDS, counts, float(times.sum()))


def sampled_counts(d: Distribution, n: int, rng: np.random.Generator) -> Histogram:
    """n requests without a sum."""
    masses = d.masses(BOUNDS)
    return Histogram(BOUNDS, rng.multinomial(n, masses / masses.sum()))


def errors(
    histograms: Sequence[Histogram], truths: Sequence[Sequence[float]], estimator: Estimator
) -> np.ndarray:
    """Relative errors, one row a distribution, one column a level."""
    return np.array([estimator(h) for h in histograms]) / np.array(truths) - 1.0


def print_each(truths: Sequence[Sequence[float]], histograms: Sequence[Histogram]) -> None:
    print(f"{'p99 in ms, exact buckets':38}{'truth':>9}{'linear':>9}{'ours':>9}", end="")
    print(f"{'err lin %':>11}{'err ours %':>11}{'with _sum %':>12}")
    at = LEVELS.index(0.99)
    for d, truth, h in zip(FAMILY, truths, histograms, strict=True):
        lin, plain, summed = (f(h)[at] for f in (linear, ours, ours_with_sum))
        off = [100 * (x / truth[at] - 1) for x in (lin, plain, summed)]
        print(f"{d.name:38}{truth[at]:9.1f}{lin:9.1f}{plain:9.1f}", end="")
        print(f"{off[0]:11.1f}{off[1]:11.1f}{off[2]:12.1f}")


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if "--markdown" in sys.argv:
        print(f"\n{title}\n\n| {' | '.join(header)} |\n|{'---|' * len(header)}")
        print("\n".join(f"| {' | '.join(row)} |" for row in rows))
        return
    print(f"\n{title}")
    for row in [header, *rows]:
        print(f"  {row[0]:20}" + "".join(f"{cell:>22}" for cell in row[1:]))


def summarise(
    title: str, histograms: Sequence[Histogram], truths: Sequence[Sequence[float]]
) -> None:
    """Median / 90th percentile / worst absolute relative error, per level and estimator."""
    rows = []
    for name, estimator in ESTIMATORS.items():
        off = 100 * np.abs(errors(histograms, truths, estimator))
        cells = [
            f"{np.median(column):.2f} / {np.quantile(column, 0.9):.1f} / {column.max():.0f}"
            for column in off.T
        ]
        rows.append([name, *cells])
    title = f"{title}: absolute error in %, median / 90th percentile / worst"
    print_table(title, ["estimator", *(f"p{100 * q:g}" for q in LEVELS)], rows)


def coverage(family: Sequence[Distribution], repeats: int, seed: int) -> list[list[str]]:
    """How often the 95 % interval holds the truth, per level and number of requests."""
    rng = np.random.default_rng(seed)
    rows = []
    for q in (0.99, 0.999):
        for n in (3_000, 100_000, 3_000_000):
            held, spans = [], []
            for d in family:
                truth = d.ppf(q)
                for _ in range(repeats):
                    h = sampled_counts(d, n, rng)
                    e = quantile_interval(h, q)
                    held.append(e.low <= truth * (1 + 1e-9) and truth <= e.high * (1 + 1e-9))
                    spans.append(e.high / e.low)
            share = f"{100 * np.mean(held):.1f} % of {len(held)}"
            rows.append([f"p{100 * q:g}, n = {n:,}", share, f"{np.median(spans):.2f}"])
    return rows


def main() -> None:
    rng = np.random.default_rng(MIXTURE_SEED)
    families = {
        f"{len(FAMILY)} named distributions": FAMILY,
        f"{MIXTURES} random mixtures": tuple(random_mixture(rng) for _ in range(MIXTURES)),
    }
    rng = np.random.default_rng(SAMPLE_SEED)
    for name, family in families.items():
        truths = [[d.ppf(q) for q in LEVELS] for d in family]
        if family is FAMILY and "--markdown" not in sys.argv:
            print_each(truths, [exact(d) for d in family])
        summarise(f"{name}, exact buckets", [exact(d) for d in family], truths)
        drawn = [sampled(d, SAMPLED, rng) for d in family]
        summarise(f"{name}, {SAMPLED:,} requests", drawn, truths)
    for name, family in families.items():
        rows = coverage(family, 3 if family is FAMILY else 1, SAMPLE_SEED)
        header = ["level, requests", "interval holds truth", "median high / low"]
        print_table(f"{name}: coverage of the 95 % interval", header, rows)


if __name__ == "__main__":
    main()
