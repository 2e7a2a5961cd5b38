"""How far recommendations from recorded rates are from those from counters.

    python benchmarks/recorded.py [--days 7]

Loads the demo's week into a real Prometheus, lets promtool evaluate the recording rules on it,
opens what they recorded in a second Prometheus, and reads both. With 7 days it takes minutes.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from observe.bootstrap.backfill import backfill_rates
from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.load import load_week
from observe.demo.shop import demo_mesh
from observe.durations import parse_ms
from observe.recommend.engine import recommend
from observe.recommend.model import Advice
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.snapshot import Snapshot

END = datetime(2026, 3, 9, tzinfo=UTC)
SEED = 1


def both_forms(days: int) -> tuple[Snapshot, Snapshot]:
    """The same window from counters, and from the rates that rules recorded of them."""
    start = END - timedelta(days=days)
    with tempfile.TemporaryDirectory(prefix="observe-bench-") as name:
        folder = Path(name)
        with PrometheusServer(folder / "raw", flags=HISTORY_FLAGS) as server:
            load_week(server.url, demo_mesh(), SEED, END, days=days)
            raw = collect(PrometheusClient(server.url), start, END)
            backfill_rates(server.url, folder / "recorded" / "data", start, END)
        with PrometheusServer(folder / "recorded") as server:
            return raw, collect(PrometheusClient(server.url), start, END)


def print_totals(raw: Snapshot, recorded: Snapshot) -> None:
    """Totals of the frames, and of the requests of each edge."""
    print("| total | counters | recorded rates | difference |\n|---|---|---|---|")
    for name, value in (
        ("requests", "requests"),
        ("latency", "requests"),
        ("latency_sum", "sum_ms"),
    ):
        left, right = (float(getattr(s, name)[value].sum()) for s in (raw, recorded))
        print(f"| {name}.{value} | {left:,.0f} | {right:,.0f} | {right / left - 1:+.3%} |")
    ours, theirs = (s.requests.groupby("edge")["requests"].sum() for s in (raw, recorded))
    off = (theirs / ours - 1).abs()
    print(f"\nRequests of an edge: median {off.median():.3%} off, at most {off.max():.3%}.")
    failed = [s.requests[s.requests["code"].astype(str) >= "500"] for s in (raw, recorded)]
    left, right = (float(f["requests"].sum()) for f in failed)
    print(f"Requests with HTTP 5xx: {right / left - 1:+.2%}.")


def print_timeouts(raw: Advice, recorded: Advice) -> None:
    """Differences of the proposals."""
    theirs = {r.id: r for r in recorded.timeouts}
    pairs = [(r, theirs[r.id]) for r in raw.timeouts if r.id in theirs]
    timeouts = np.array([[parse_ms(r.proposed["timeout"]) for r in pair] for pair in pairs], float)
    quantiles = np.array([[r.evidence.estimate_ms for r in pair] for pair in pairs], float)
    print(f"\n{len(raw.timeouts)} timeouts from counters, {len(theirs)} from rates; ", end="")
    print(f"{len(pairs)} for the same targets.")
    for what, values in (("timeout", timeouts), ("quantile", quantiles)):
        off = np.abs(values[:, 1] / values[:, 0] - 1)
        print(f"The {what}: median {np.median(off):.2%} off, at most {off.max():.2%}; ", end="")
        print(f"the same in {int((off == 0).sum())}.")
    same = sum(a.confidence == b.confidence and a.severity == b.severity for a, b in pairs)
    print(f"Severity and confidence are the same in {same} of {len(pairs)}.")
    left, right = (
        {(w.target.path, w.reason) for w in a.withheld_of("timeout")} for a in (raw, recorded)
    )
    print(f"Withheld for the same reason: {len(left & right)} of {len(left)}.")


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=7)
    days = parser.parse_args().days
    raw, recorded = both_forms(days)
    print(f"The demo's mesh, {days} days, scraped and evaluated every 60 s.\n")
    print_totals(raw, recorded)
    print_timeouts(recommend(raw), recommend(recorded))


if __name__ == "__main__":
    main()
