"""Totals and quantiles of recorded calls: what is read from a Prometheus against what was.

The calls of Online Boutique (see spans.py) become counters, go into a real Prometheus and are
collected. Every edge's total and quantiles are then compared with the recorded durations.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from proxies import scrapes
from real_timeouts import END, START, prometheus_with, window
from spans import exact_quantile, load, shared_folder

from observe.durations import parse_ms
from observe.recommend.engine import recommend
from observe.recommend.model import Advice
from observe.signals.golden import LEVELS, golden
from observe.stats.histogram import ISTIO_BUCKETS_MS, Histogram
from observe.stats.quantile import linear_quantile, quantile
from observe.telemetry.snapshot import Snapshot

EDGE = ["reporter", "source_workload", "destination_workload"]
#: Below this many calls a p99 is the chance of one of them.
ENOUGH = 1000


def totals(snapshot: Snapshot, calls: pd.DataFrame) -> pd.DataFrame:
    """Requests per edge: `exact`, `read` and the relative `error`."""
    counted = snapshot.requests.groupby("edge")["requests"].sum()
    edges = snapshot.edges.join(counted, on="edge")
    read = edges.groupby(EDGE)["requests"].sum()
    exact = calls.groupby(["reporter", "source", "destination"]).size()
    table = pd.DataFrame({"exact": exact.rename_axis(EDGE), "read": read})
    return table.assign(error=table["read"] / table["exact"] - 1)


def quantile_errors(snapshot: Snapshot, calls: pd.DataFrame) -> pd.DataFrame:
    """Quantiles per client edge and level (ms): exact, ours, `histogram_quantile`, errors.

    `buckets` is the error of our estimator on the exact bucket counts: what is left of the error
    when scraping and `increase()` have no part in it. `inside` says whether the exact quantile
    lies in the bracket that the bucket guarantees.
    """
    signals = golden(snapshot, by="edge").set_index(["source_workload", "service"])
    clients = calls[calls["reporter"] == "source"]
    rows = []
    for (source, destination), part in clients.groupby(["source", "destination"]):
        host = next(h for s, h in signals.index if s == source and h.split(".")[0] == destination)
        counted = snapshot_histogram(snapshot, source, destination)
        of_spans = histogram(part["duration_ms"])
        for column, level in LEVELS.items():
            exact = exact_quantile(part["duration_ms"], level)
            ours = float(signals.loc[(source, host), column])
            linear = linear_quantile(counted, level)
            bare = quantile(of_spans, level)
            rows.append(
                {
                    "edge": f"{source} > {destination}",
                    "calls": len(part),
                    "level": level,
                    "exact": exact,
                    "ours": ours,
                    "error": ours / exact - 1,
                    "linear": linear / exact - 1,
                    "buckets": bare.value / exact - 1,
                    "inside": bare.low <= exact <= bare.high,
                }
            )
    return pd.DataFrame(rows)


def predictions(advice: Advice, calls: pd.DataFrame) -> pd.DataFrame:
    """Share of calls that each timeout cuts: predicted from buckets, and of the exact calls."""
    rows = []
    for proposal in advice.timeouts:
        name = str(proposal.target.service).split(".")[0]
        timeout = float(parse_ms(proposal.proposed["timeout"]))
        mine = calls[(calls["reporter"] == "source") & (calls["destination"] == name)]
        low, high = proposal.predicted_interval["fractionCut"]
        exact = float((mine["duration_ms"] > timeout).mean())
        rows.append((name, timeout, proposal.predicted.fraction_cut, low, high, exact))
    columns = ["service", "timeout_ms", "predicted", "low", "high", "exact"]
    return pd.DataFrame(rows, columns=columns)


def histogram(durations_ms: pd.Series) -> Histogram:
    """Exact counts per bucket."""
    bounds = np.array(ISTIO_BUCKETS_MS)
    at = np.searchsorted(bounds, durations_ms.to_numpy(), side="left")
    return Histogram(bounds, np.bincount(at, minlength=bounds.size).astype(float))


def snapshot_histogram(snapshot: Snapshot, source: str, destination: str) -> Histogram:
    """Bucket counts of one client edge as they were read."""
    edges = snapshot.edges
    mine = edges[
        (edges["reporter"] == "source")
        & (edges["source_workload"] == source)
        & (edges["destination_workload"] == destination)
    ]
    rows = snapshot.latency[snapshot.latency["edge"].isin(mine["edge"])]
    bounds = np.array(ISTIO_BUCKETS_MS)
    counts = rows.groupby("le")["requests"].sum().reindex(bounds, fill_value=0.0)
    return Histogram(bounds, counts.to_numpy())


def main() -> None:
    folder = shared_folder("nezha-onlineboutique")
    if folder is None:
        print("skipped: the Nezha traces are not beside the checkout (see docs/real-data.md)")
        return
    recording = load(folder)
    for between in ("idle", "unrecorded"):
        with prometheus_with(recording.calls, recording, between) as client:
            snapshot = window(client, START, END)
        table, source = totals(snapshot, recording.calls), snapshot.manifest.source
        print(
            f"between the recorded windows: {between}. {len(table)} edges, "
            f"{table['exact'].sum():,} calls, read {table['read'].sum():,.1f} "
            f"({table['read'].sum() / table['exact'].sum() - 1:+.2%}; worst edge "
            f"{table['error'].abs().max():.2%}); coverage {source.coverage:.1%} at a scrape "
            f"interval taken as {source.scrape_interval_seconds:g} s"
        )
        present = scrapes(recording.calls, recording.windows, between=between).times_ms.size
        due = (END - START) // pd.Timedelta(seconds=15)
        print(f"  scrapes of 15 s: {present} of {due} ({present / due:.1%})")
        for warning in source.warnings:
            print(f"  warning: {warning}")
        errors = quantile_errors(snapshot, recording.calls)
        _show(errors)
        if between == "idle":
            print("  share of the window's calls that the proposed timeouts cut")
            cuts = predictions(recommend(snapshot), recording.calls)
            print(cuts.to_string(index=False, formatters=dict.fromkeys(cuts.columns[2:], _percent)))
            print(errors.drop(columns=["buckets", "inside"]).round(3).to_string(index=False))


def _percent(share: float) -> str:
    return f"{share:.3%}"


def _show(errors: pd.DataFrame) -> None:
    judged = errors[(errors["calls"] >= ENOUGH) | (errors["level"] <= 0.9)]
    for level, part in judged.groupby("level"):
        words = [
            f"{name} median {part[key].abs().median():6.1%} worst {part[key].abs().max():6.1%}"
            for name, key in (("ours", "error"), ("linear", "linear"), ("bare buckets", "buckets"))
        ]
        print(f"  p{level * 100:g}: {len(part):2} edges; error " + "; ".join(words))
    inside = judged["inside"]
    print(f"  exact quantile inside the bucket's bracket: {inside.sum()} of {len(inside)}")


if __name__ == "__main__":
    main()
