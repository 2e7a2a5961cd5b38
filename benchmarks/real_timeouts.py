"""Timeouts learned from recorded calls, judged on the exact durations of later ones.

The calls of Online Boutique (see spans.py) become the counters of Istio's proxies, go into a real
Prometheus, are collected and judged as `observe report` does. Each timeout is then held against
every later call that the data set recorded: not against buckets. Beside it stands what a runbook
says: `histogram_quantile(0.999, ...)` times 1.2, asked of the same Prometheus at the same moment.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import proxies
from spans import Recording, exact_quantile, load, shared_folder

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.durations import parse_ms
from observe.recommend.engine import recommend
from observe.recommend.model import Advice
from observe.recommend.policy import TimeoutPolicy
from observe.stats.interval import proportion_interval
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.settings import ConnectionSettings
from observe.telemetry.snapshot import Snapshot

START = pd.Timestamp("2022-08-22T03:50Z")
SPLIT = pd.Timestamp("2022-08-22T05:00Z")
END = pd.Timestamp("2022-08-22T06:00Z")
BUDGET = TimeoutPolicy().false_timeout_rate
MARGIN = 1.2


@dataclass(frozen=True)
class Cut:
    """What a timeout would have done to some calls."""

    calls: int
    cut: int

    @property
    def share(self) -> float:
        """Share of the calls that it would have cut; NaN when there are none."""
        return self.cut / self.calls if self.calls else float("nan")

    @property
    def verdict(self) -> str:
        """Whether the budget held, as far as so many calls can tell."""
        if not self.calls:
            return "no calls"
        if self.share <= BUDGET:
            return "yes"
        return "no" if proportion_interval(self.cut, self.calls)[0] > BUDGET else "chance"

    def __str__(self) -> str:
        low, high = proportion_interval(self.cut, self.calls)
        return f"{self.share:.3%} [{low:.3%}, {high:.3%}]" if self.calls else "-"


def cut_by(timeout_ms: float, durations_ms: pd.Series) -> Cut:
    """Calls that would have been cut: those that took longer."""
    return Cut(len(durations_ms), int((durations_ms > timeout_ms).sum()))


@contextmanager
def prometheus_with(
    calls: pd.DataFrame, recording: Recording, between: proxies.Between
) -> Iterator[PrometheusClient]:
    """A running Prometheus that holds the counters of these calls."""
    made = proxies.scrapes(calls, recording.windows, between=between)
    with (
        tempfile.TemporaryDirectory() as folder,
        PrometheusServer(Path(folder), flags=HISTORY_FLAGS) as server,
        PrometheusClient(ConnectionSettings(url=server.url)) as client,
    ):
        push(server.url, made.labels, made.times_ms, made.values)
        yield client


def window(client: PrometheusClient, start: pd.Timestamp, end: pd.Timestamp) -> Snapshot:
    """The snapshot of a window."""
    return collect(client, start.to_pydatetime(), end.to_pydatetime())


def by_runbook(client: PrometheusClient, start: pd.Timestamp, end: pd.Timestamp) -> dict:
    """`histogram_quantile(0.999, ...)` times 1.2 by workload, over the same window (ms)."""
    seconds = int((end - start).total_seconds())
    buckets = 'istio_request_duration_milliseconds_bucket{reporter="source"}'
    query = (
        f"histogram_quantile({1 - BUDGET}, sum by (le, destination_workload) "
        f"(increase({buckets}[{seconds}s])))"
    )
    frame = client.range(query, end.to_pydatetime(), end.to_pydatetime(), 60).frame()
    return dict(zip(frame["destination_workload"], frame["value"] * MARGIN, strict=True))


def proposals(advice: Advice) -> dict[str, float | str]:
    """Timeout (ms) or the reason why there is none, by workload."""
    given = {r.target.service: float(parse_ms(r.proposed["timeout"])) for r in advice.timeouts}
    withheld = {w.target.service: w.reason for w in advice.withheld_of("timeout")}
    return {str(host).split(".")[0]: value for host, value in (given | withheld).items()}


def judge(recording: Recording, training: pd.DataFrame) -> pd.DataFrame:
    """One row per service: what was learned from some calls, and what it does to the later ones."""
    with prometheus_with(training, recording, "unrecorded") as client:
        learned = proposals(recommend(window(client, START, SPLIT)))
        runbook = by_runbook(client, START, SPLIT)
    calls = recording.calls[recording.calls["reporter"] == "source"]
    rows = []
    for name, proposal in sorted(learned.items()):
        later = calls[(calls["destination"] == name) & (calls["start"] >= SPLIT)]
        normal = later.loc[later["fault"] == "", "duration_ms"]
        faulty = later.loc[later["fault"] != "", "duration_ms"]
        seen = training[(training["reporter"] == "source") & (training["destination"] == name)]
        row = {
            "service": name,
            "learned from": int((seen["end"] < SPLIT).sum()),
            "proposal": proposal,
            "p99.9": exact_quantile(normal, 1 - BUDGET) if len(normal) else float("nan"),
            "runbook ms": runbook.get(name, float("nan")),
        }
        for who, value in (("ours", proposal), ("runbook", row["runbook ms"])):
            known = isinstance(value, float) and value == value
            row[f"{who} normal"] = cut_by(value, normal) if known else None
            row[f"{who} faulty"] = cut_by(value, faulty) if known else None
        rows.append(row)
    return pd.DataFrame(rows)


def show(table: pd.DataFrame) -> None:
    """Print a table and its summary line."""
    head = f"{'service':22} {'learned':>7} {'later':>6} {'p99.9':>7}"
    print(
        f"{head} {'':8} {'timeout':>17} {'x p99.9':>8}  {'cut, no fault':26} {'held':7} cut, fault"
    )
    for row in table.to_dict("records"):
        for who, value in (("ours", row["proposal"]), ("runbook", row["runbook ms"])):
            print(_line(row, who, value))
    for who in ("ours", "runbook"):
        _summary(table, who)
    _summary(table, "runbook", _judged(table, "ours").index)


def _line(row: dict, who: str, value: float | str) -> str:
    normal, faulty = row[f"{who} normal"], row[f"{who} faulty"]
    later = row["ours normal"] or row["runbook normal"]
    name = f"{row['service']:22} {row['learned from']:7,} {later.calls if later else 0:6,}"
    first = f"{name} {row['p99.9']:7.0f}" if who == "ours" else " " * 45
    if normal is None:
        return f"{first} {who:8} {value if isinstance(value, str) else '-':>17}"
    text = f"{value:,.0f} ms"
    ratio = f"{value / row['p99.9']:8.2f}" if row["p99.9"] > 0 else f"{'-':>8}"
    return f"{first} {who:8} {text:>17} {ratio}  {normal!s:26} {normal.verdict:7} {faulty!s}"


def _summary(table: pd.DataFrame, who: str, only: pd.Index | None = None) -> None:
    value = table["proposal" if who == "ours" else "runbook ms"]
    given = _judged(table, who) if only is None else table.loc[only]
    normal, faulty = _all(given[f"{who} normal"]), _all(given[f"{who} faulty"])
    ratio = value[given.index].astype(float) / given["p99.9"]
    verdicts = Counter(cut.verdict for cut in given[f"{who} normal"])
    held = ", ".join(f"{word} {verdicts[word]}" for word in ("yes", "chance", "no"))
    first = f"{len(given)} timeouts, {len(table) - len(given)} without"
    print(
        f"{who + (' where both give one' if only is not None else '')}: {first}; held: {held}; "
        f"median {ratio.median():.2f} x, worst {ratio.max():.2f} x the later p99.9; "
        f"cut without fault {normal}, under a fault {faulty}"
    )


def _judged(table: pd.DataFrame, who: str) -> pd.DataFrame:
    return table[[cut is not None and cut.calls > 0 for cut in table[f"{who} normal"]]]


def _all(cuts: pd.Series) -> Cut:
    return Cut(sum(cut.calls for cut in cuts), sum(cut.cut for cut in cuts))


def faults(recording: Recording, table: pd.DataFrame) -> pd.DataFrame:
    """Share of the later calls that our timeouts cut, by the fault that was injected."""
    calls = recording.calls[recording.calls["reporter"] == "source"]
    limits = {
        row["service"]: row["proposal"]
        for row in table.to_dict("records")
        if isinstance(row["proposal"], float)
    }
    later = calls[(calls["start"] >= SPLIT) & calls["destination"].isin(limits)]
    cut = later["duration_ms"] > later["destination"].map(limits)
    by_fault = cut.groupby([later["fault"].replace("", "none"), later["destination"]])
    return by_fault.agg(calls="size", cut="sum", share="mean").reset_index()


def main() -> None:
    folder = shared_folder("nezha-onlineboutique")
    if folder is None:
        print("skipped: the Nezha traces are not beside the checkout (see docs/real-data.md)")
        return
    recording = load(folder)
    calls = recording.calls
    print(f"learned from {START:%H:%M} to {SPLIT:%H:%M}, judged on {SPLIT:%H:%M} to {END:%H:%M}")
    print(f"budget {BUDGET:.1%}; 'chance': above it, but so few calls cannot tell (95 %)\n")
    print("1. learned from everything, faults included (what an operator has)")
    table = judge(recording, calls)
    show(table)
    print("\nlater calls that these timeouts cut, by injected fault")
    found = faults(recording, table)
    print(found[found["cut"] > 0].to_string(index=False, float_format=lambda x: f"{x:.2%}"))
    print("\n2. learned only from calls without a fault")
    show(judge(recording, calls[(calls["fault"] == "") | (calls["start"] >= SPLIT)]))


if __name__ == "__main__":
    main()
