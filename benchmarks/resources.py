"""Sizes learned on the first part of real and of made traces, held against the rest.

Ours in three variants, beside the rules of krr and of the Vertical Pod Autoscaler. The bar: no
more violations than the better of the two rules, with less slack than that one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from resources_made import made_sets
from resources_traces import Trace, TraceSet, trace_sets

from observe.recommend.resource_model import Sizes
from observe.recommend.resource_rules import like_krr, like_vpa
from observe.recommend.resource_score import score
from observe.recommend.resource_sizes import sizes
from observe.recommend.resource_usage import Usage, usage

OURS = ("cost", "balanced", "safe")
RULES = ("krr", "VPA")
#: Below this share of known steps neither side of a split says anything.
LEAST_KNOWN = 0.3
WEEK = 7 * 86_400
#: Draws of other containers from a set.
DRAWS = 200


@dataclass(frozen=True)
class Split:
    """What is learned from, and what is tested on."""

    first: Trace
    rest: Trace


def by_share(trace: Trace, share: float = 0.7) -> list[Split]:
    """The first part of a trace, and the rest."""
    cut = round(share * trace.values.size)
    return [Split(trace.part(0, cut), trace.part(cut, trace.values.size))]


def by_week(trace: Trace) -> list[Split]:
    """Each whole week, and the week after it (nearly whole at least)."""
    week = WEEK // trace.step_seconds
    last = trace.values.size - int(1.9 * week)
    cuts = range(0, last + 1, week)
    return [Split(trace.part(a, a + week), trace.part(a + week, a + 2 * week)) for a in cuts]


def learned(trace: Trace, resource: str) -> Usage:
    """What is known of a series, as a container's usage."""
    unknown = np.full(trace.values.size, np.nan)
    cpu, memory = (trace.values, unknown) if resource == "cpu" else (unknown, trace.values)
    return usage(cpu, memory, start=trace.start, step_seconds=trace.step_seconds)


def requests(of: Usage, resource: str) -> dict[str, float] | str:
    """The request of each variant and rule, or why ours is withheld."""
    found: Sizes = sizes(of)
    if found.withheld and found.balanced.cpu is None and found.balanced.memory is None:
        return next(w.reason for w in found.withheld if w.resource == resource)
    krr, vpa = like_krr([of.cpu], [of.memory]), like_vpa(of)
    name = f"{resource}_request"
    wanted = {v: getattr(getattr(found, v), resource).request for v in OURS}
    return wanted | {"krr": getattr(krr, name), "VPA": getattr(vpa, name)}


def judge(one: TraceSet, splits: list[Split]) -> tuple[pd.DataFrame, list[str]]:
    """One row a split and size, and the withheld."""
    rows, withheld = [], []
    for at, split in enumerate(splits):
        if min(np.isfinite(p.values).mean() for p in (split.first, split.rest)) < LEAST_KNOWN:
            withheld.append(f"{split.first.name}: hardly scraped")
            continue
        found = requests(learned(split.first, one.resource), one.resource)
        if isinstance(found, str):
            withheld.append(f"{split.first.name}: {found}")
            continue
        rest = split.rest
        for who, size in found.items():
            test = score(rest.values, size, step_seconds=rest.step_seconds, start=rest.start)
            rows.append(
                {
                    "split": at,
                    "name": rest.name,
                    "who": who,
                    "size": size,
                    "above": test.fraction_above,
                    "any": test.days_above / test.days,
                    "risk": test.days_at_risk / test.days,
                    "slack": test.slack,
                }
            )
    return pd.DataFrame(rows), withheld


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Means over the containers of each rule; `pooled` is the slack of all sizes together."""
    means = table.groupby("who")[["above", "any", "risk", "slack"]].mean()
    unused = (table["slack"] * table["size"]).groupby(table["who"]).sum()
    means["pooled"] = unused / table.groupby("who")["size"].sum()
    return means.loc[[*OURS, *RULES]]


def verdict(means: pd.DataFrame, measure: str) -> str:
    """Whether the balanced variant meets the bar, by one measure of violations."""
    order = means.loc[list(RULES)].sort_values([measure, "slack"])
    better = str(order.index[0])
    fewer = means.at["balanced", measure] <= means.at[better, measure] + 1e-12
    less = means.at["balanced", "slack"] < means.at[better, "slack"]
    words = {
        (True, True): "met",
        (True, False): "not met: more slack",
        (False, True): "not met: more violations",
        (False, False): "not met: more of both",
    }
    return f"{words[fewer, less]} (the better rule is {better}'s)"


def met_in_draws(table: pd.DataFrame, measure: str) -> float:
    """Share of draws of as many containers (with replacement) in which the bar is met.

    The traces are a sample of the containers there are: this says what another may show.
    """
    names = table["name"].unique()
    columns = [measure, "slack"]
    by_name = table.groupby(["name", "who"])[columns].sum().unstack("who")
    sizes_of = table.groupby("name")["split"].nunique()
    rng = np.random.default_rng(0)
    met = 0
    for _ in range(DRAWS):
        drawn = rng.choice(names, names.size)
        means = (by_name.loc[drawn].sum() / sizes_of.loc[drawn].sum()).unstack("who").T
        met += verdict(means, measure).startswith("met")
    return met / DRAWS


def show(one: TraceSet, title: str, splits: list[Split], *, bar: bool = True) -> None:
    """The figures of one set and one way to split it.

    Series of one shape have no bar: whoever asks for less has more steps above, and no rule that
    asks for one number can do better by both measures than another.
    """
    table, withheld = judge(one, splits)
    print(f"\n{one.name}, {one.resource}, {title}: {len(splits)} sizes, {len(withheld)} withheld")
    for line in withheld:
        print(f"  withheld: {line}")
    if table.empty:
        return
    means = summary(table)
    print(f"  {'':10}{'above':>8}{'days':>8}{'at risk':>9}{'slack':>8}{'pooled':>8}")
    for who, row in means.iterrows():
        cells = f"{row['above']:8.2%}{row['any']:8.1%}{row['risk']:9.1%}"
        print(f"  {who:10}{cells}{row['slack']:8.1%}{row['pooled']:8.1%}")
    if not bar:
        return
    for measure, name in (("above", "steps"), ("risk", "days at risk"), ("any", "days")):
        draws = f"met in {met_in_draws(table, measure):.0%} of draws of other containers"
        print(f"  bar by {name}: {verdict(means, measure)}; {draws}")


def main() -> None:
    sets, missing = trace_sets()
    for name in missing:
        print(f"skipped: {name} is not kept beside the checkout ($OBSERVE_SHARED)")
    print("above: steps above the request; days: with any step above; at risk: above for more than")
    print("an hour; slack: unused part of the request, mean of the containers; pooled: of the sum")
    for one in made_sets():
        splits = [s for t in one.traces for s in by_share(t, 2 / 3)]
        show(one, "two weeks, then the next", splits, bar=False)
    for one in sets:
        show(one, "first 70 %, then the rest", [s for t in one.traces for s in by_share(t)])
        weekly = [s for t in one.traces for s in by_week(t)]
        if weekly:
            show(one, "a week, then the next", weekly)


if __name__ == "__main__":
    main()
