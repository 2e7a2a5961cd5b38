"""Recorded spans of Online Boutique as the calls that Istio's proxies would have seen.

The data set is Nezha (github.com/IntelligentDDS/Nezha, MIT): a day of chaos experiments on
Kubernetes, kept as traces of one-minute windows with hours of nothing between some of them.
Run it to see what was loaded: `python benchmarks/spans.py`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = "2022-08-22"
#: Faults last three minutes (the data set's description).
FAULT = pd.Timedelta(minutes=3)
#: Two calls further apart than this lie in different recorded windows.
GAP = pd.Timedelta(minutes=1)
#: Wrapped calls whose client span bears the name of the caller: (workload, span) → callee.
WRAPPED = {
    ("checkoutservice", "hipstershop.CheckoutService/ConvertCurrency"): "currencyservice",
}
_SERVICE = r"^/?(?:grpc\.)?hipstershop\.(\w+)/"


@dataclass(frozen=True)
class Recording:
    """What was recorded.

    Attributes:
        calls: one row per call and reporter: `reporter`, `source`, `destination` (workloads),
            `pod` (of the reporter), `start`, `end` (UTC), `duration_ms`, `fault` ("" for none).
        faults: `start`, `end`, `pod`, `kind` of the injected faults.
        windows: (start, end) of the recorded windows, ascending.
        duplicates: spans that stood in two files and were counted once.
        spans: spans read, duplicates included.
    """

    calls: pd.DataFrame
    faults: pd.DataFrame
    windows: tuple[tuple[pd.Timestamp, pd.Timestamp], ...]
    duplicates: int
    spans: int


def shared_folder(name: str) -> Path | None:
    """A data set of the reference material beside the checkout; None when it is absent."""
    beside = Path(__file__).resolve().parent.parent.parent / "shared"
    folder = Path(os.environ.get("OBSERVE_SHARED", beside)) / "data" / name
    return folder if folder.is_dir() else None


def load(folder: Path) -> Recording:
    """Read the traces and the list of faults.

    A call edge is a client span: recorded in the caller's pod and named after another service.
    Server spans (of a pod's own service, with a parent in another pod or none) give the view of
    `reporter="destination"`. All other spans are work inside a pod.
    """
    files = sorted((folder / ROOT / "trace").glob("*_trace.csv.gz"))
    raw = pd.concat([pd.read_csv(file) for file in files], ignore_index=True)
    spans = raw.drop_duplicates(ignore_index=True)
    spans = _with_parents(spans.assign(workload=_workload(spans["PodName"])))
    faults = _faults(folder / ROOT / f"{ROOT}-fault_list.json")
    calls = pd.concat([_client_calls(spans), _server_calls(spans)], ignore_index=True)
    calls["fault"] = _fault_at(calls["start"], faults)
    calls = calls.sort_values(["end", "reporter", "destination"], ignore_index=True)
    return Recording(calls, faults, _windows(calls), len(raw) - len(spans), len(raw))


def _workload(pods: pd.Series) -> pd.Series:
    return pods.str.replace(r"-[^-]+-[^-]+$", "", regex=True)


def _with_parents(spans: pd.DataFrame) -> pd.DataFrame:
    """Adds `parent` (workload of the parent span, "" at the root) and `service` (of the name)."""
    parents = spans[["TraceID", "SpanID", "workload"]]
    parents = parents.rename(columns={"SpanID": "ParentID", "workload": "parent"})
    spans = spans.merge(parents, on=["TraceID", "ParentID"], how="left", validate="many_to_one")
    named = spans["OperationName"].str.extract(_SERVICE)[0].str.lower()
    return spans.assign(parent=spans["parent"].fillna(""), service=named.fillna(""))


def _client_calls(spans: pd.DataFrame) -> pd.DataFrame:
    keys = zip(spans["workload"], spans["OperationName"], strict=True)
    wrapped = [WRAPPED.get(key, "") for key in keys]
    named = spans["service"].where(spans["service"].isin(set(spans["workload"])), "")
    callee = named.where(pd.Series(wrapped, index=spans.index) == "", wrapped)
    is_call = (callee != "") & (callee != spans["workload"])
    return _calls(spans[is_call], "source", spans["workload"][is_call], callee[is_call])


def _server_calls(spans: pd.DataFrame) -> pd.DataFrame:
    served = (spans["service"] == spans["workload"]) & (spans["parent"] != spans["workload"])
    # Who calls the frontend has no proxy and is not traced.
    source = spans["parent"].where(spans["parent"] != "", "unknown")
    return _calls(spans[served], "destination", source[served], spans["workload"][served])


def _calls(
    spans: pd.DataFrame, reporter: str, source: pd.Series, destination: pd.Series
) -> pd.DataFrame:
    start = pd.to_datetime(spans["StartTimeUnixNano"], utc=True)
    duration = spans["EndTimeUnixNano"] - spans["StartTimeUnixNano"]
    return pd.DataFrame(
        {
            "reporter": reporter,
            "source": source,
            "destination": destination,
            "pod": spans["PodName"],
            "start": start,
            "end": start + pd.to_timedelta(duration, unit="ns"),
            "duration_ms": duration / 1e6,
        }
    )


def _faults(file: Path) -> pd.DataFrame:
    listed = json.loads(file.read_text(encoding="utf-8"))
    rows = [fault for hour in listed.values() for fault in hour]
    start = pd.to_datetime([int(row["inject_timestamp"]) for row in rows], unit="s", utc=True)
    return pd.DataFrame(
        {
            "start": start,
            "end": start + FAULT,
            "pod": [row["inject_pod"] for row in rows],
            "kind": [row["inject_type"] for row in rows],
        }
    )


def _fault_at(moments: pd.Series, faults: pd.DataFrame) -> pd.Series:
    name = pd.Series("", index=moments.index)
    for fault in faults.itertuples():
        inside = (moments >= fault.start) & (moments < fault.end)
        name = name.mask(inside, f"{fault.pod.split('-')[0]} {fault.kind}")
    return name


def _windows(calls: pd.DataFrame) -> tuple[tuple[pd.Timestamp, pd.Timestamp], ...]:
    ordered = calls.sort_values("start")
    latest = ordered["end"].cummax()
    begins = ordered["start"] - latest.shift() > GAP
    groups = ordered.groupby(begins.cumsum())
    return tuple(zip(groups["start"].min(), groups["end"].max(), strict=True))


def exact_quantile(durations_ms: pd.Series, level: float) -> float:
    """The smallest recorded duration that a share `level` of the calls does not exceed (ms)."""
    return float(np.quantile(durations_ms.to_numpy(), level, method="inverted_cdf"))


def near_period(durations_ms: pd.Series) -> float:
    """Share within 5 ms of a multiple of 100 ms, the period in which Linux enforces CPU limits."""
    beyond = durations_ms % 100
    return float((np.minimum(beyond, 100 - beyond) <= 5).mean())


def main() -> None:
    folder = shared_folder("nezha-onlineboutique")
    if folder is None:
        print("skipped: the Nezha traces are not beside the checkout (see docs/real-data.md)")
        return
    recording = load(folder)
    calls = recording.calls
    print(
        f"{recording.spans:,} spans, {recording.duplicates:,} of them in two files; "
        f"{len(calls):,} calls ({(calls['reporter'] == 'source').sum():,} seen by clients); "
        f"{len(recording.windows)} recorded windows of together "
        f"{sum((e - s).total_seconds() for s, e in recording.windows) / 60:.1f} minutes"
    )
    print(f"{(calls['fault'] != '').mean():.1%} of the calls began under an injected fault")
    clients = calls[calls["reporter"] == "source"]
    slow = clients.loc[clients["duration_ms"] >= 95, "duration_ms"]
    print(
        f"of {len(slow):,} client calls of 95 ms and more, {near_period(slow):.1%} lie within 5 ms "
        "of a multiple of 100 ms (10 % would by chance)\n"
    )
    by_edge = calls.groupby(["reporter", "source", "destination"])["duration_ms"]
    table = by_edge.agg(
        calls="size",
        p50=lambda d: exact_quantile(d, 0.5),
        p99=lambda d: exact_quantile(d, 0.99),
        p999=lambda d: exact_quantile(d, 0.999),
        longest="max",
    )
    print("exact durations (ms)")
    print(table.round(1).to_string())


if __name__ == "__main__":
    main()
