"""What a retry would make of each failure, and how failures lie in time, target by target.

Sources: Envoy's documentation of `x-envoy-retry-on` and of the response flags; what Istio retries
by default (pilot/pkg/networking/core/route/retry/retry.go).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.signals.edge_steps import EdgeSteps
from observe.signals.outcomes import TIMEOUT_FLAGS, Outcome, classify
from observe.signals.targets import edges_with_target
from observe.stats.bursts import mostly_failing
from observe.telemetry.snapshot import Snapshot

Floats = NDArray[np.float64]

#: What becomes of a failure when it is tried again. curable: the server has done nothing yet;
#: after_work: it may have done the work; overload: it asks for less; permanent: no try is sent,
#: or each fails alike; timeout: the time is used up.
Cure = Literal["curable", "after_work", "overload", "permanent", "timeout"]

#: The retries of a request are used up.
EXHAUSTED = "URX"
_CURABLE_FLAGS = {"UF"}
_OVERLOAD_FLAGS = {"UO", "RL", "RLSE", "OM"}
#: Without a host or a route nothing is sent, however often.
_PERMANENT_FLAGS = {"UH", "NR", "NC", "NFCF", "DPE", "UPE", "IH"}
_BY_STATUS: dict[str, Cure] = {"14": "curable", "8": "overload", "4": "timeout", "12": "permanent"}
_RESET_FLAGS, _GATEWAY_CODES = {"UC", "UR", "LR"}, {"502", "503", "504"}
_NEVER_BY_CODE = {"501", "505", "511"}
_NAMES = {"UNAVAILABLE": "14", "RESOURCE_EXHAUSTED": "8", "RESOURCEEXHAUSTED": "8"}


def cure_of(code: str, flags: str, grpc_status: str) -> Cure | None:
    """What a retry would make of an outcome; None where the service did not fail.

    Args:
        code: `response_code`.
        flags: `response_flags`, comma-joined, "-" for none.
        grpc_status: `grpc_response_status`, a number or a name; "" for plain HTTP.
    """
    raised = {flag.strip() for flag in flags.split(",")} - {"", "-", EXHAUSTED}
    status = _NAMES.get(grpc_status.upper(), grpc_status)
    if raised & _OVERLOAD_FLAGS or (not raised and (code == "429" or status == "8")):
        return "overload"
    outcome = classify(code, ",".join(sorted(raised)) or "-", grpc_status)
    if outcome not in (Outcome.SERVER_ERROR, Outcome.TIMEOUT):
        return None
    if outcome == Outcome.TIMEOUT or raised & TIMEOUT_FLAGS:
        return "timeout"
    if raised & _PERMANENT_FLAGS:
        return "permanent"
    if raised:
        return "curable" if raised & _CURABLE_FLAGS else "after_work"
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return "permanent" if code in _NEVER_BY_CODE else "after_work"


@dataclass(frozen=True)
class FailureClass:
    """Failures of one kind over the window."""

    code: str
    flags: str
    grpc_status: str
    cure: Cure
    requests: float

    @property
    def exhausted(self) -> bool:
        """Whether retries were used up on them."""
        return EXHAUSTED in self.flags.split(",")


@dataclass(frozen=True)
class FailureSeries:
    """Failures of one target over the fine steps (T) of the window.

    Attributes:
        requests: as the clients count them, a retried one once.
        failures: cure → requests that ended so.
        exhausted: curable ones whose retries were used up.
        stuck: curable ones of clients of whose requests hardly any came through at the time, which
            the next try would meet too.
        tries: what arrived at the servers, tries included; zeros where they do not report.
        failed_tries: curable failures among them.
        retries: that Envoy counted, per coarse step (H); NaN where it shows nothing.
        mean_ms: mean duration of the requests around each step; NaN where none is known.
        edges: numbers of the edges that speak.
        classes: every kind of failure, the most frequent first.
    """

    requests: Floats
    failures: dict[Cure, Floats]
    exhausted: Floats
    stuck: Floats
    tries: Floats
    failed_tries: Floats
    retries: Floats
    mean_ms: Floats
    edges: tuple[int, ...]
    classes: tuple[FailureClass, ...]

    def of(self, cure: Cure) -> Floats:
        """Requests that ended so, shape (T)."""
        return self.failures.get(cure, np.zeros_like(self.requests))


class FailureReader:
    """Reads a snapshot once, and then gives the failures of any target."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.steps = EdgeSteps(snapshot)
        edges = edges_with_target(snapshot.edges)
        self._edges = edges[edges["speaks"] | (edges["reporter"] == "destination")]
        self._by_target = dict(tuple(self._edges.groupby("target", sort=True)))
        rows = snapshot.requests
        start = pd.Timestamp(snapshot.manifest.window.start)
        seconds = (rows["time"] - start).dt.total_seconds().to_numpy(dtype=np.float64)
        order = np.argsort(rows["edge"].to_numpy(), kind="stable")
        self._edge = rows["edge"].to_numpy()[order]
        self._at = (seconds // snapshot.manifest.window.step_seconds).astype(np.int64)[order]
        self._count = rows["requests"].to_numpy(dtype=np.float64)[order]
        self._kinds, self._kind = _kinds(rows)
        self._kind = self._kind[order]
        self._retries = _envoy_retries(snapshot, self.steps)

    def of(self, path: str, *, repeatable: bool = False) -> FailureSeries | None:
        """The failures of a target; None where no client's proxy speaks for it.

        Args:
            path: of the target.
            repeatable: whether a request may be carried out twice: resets and answers 502, 503
                and 504 can then be cured, too.
        """
        kinds = [_repeatable(k) if repeatable and k else k for k in self._kinds]
        edges = self._by_target.get(path)
        if edges is None or not edges["speaks"].any():
            return None
        spoken = edges[edges["speaks"]]
        numbers = tuple(int(e) for e in spoken["edge"])
        here, there = self._table(numbers), self._table(_behind(edges, spoken))
        failures: dict[Cure, Floats] = {}
        exhausted = np.zeros(len(self.steps.times))
        for number, kind in enumerate(kinds):
            if kind is None or not here[number].any():
                continue
            failures[kind.cure] = failures.get(kind.cure, 0.0) + here[number]
            exhausted += here[number] if kind.cure == "curable" and kind.exhausted else 0.0
        failed = [there[n] for n, k in enumerate(kinds) if k and k.cure == "curable"]
        curable = np.array([k is not None and k.cure == "curable" for k in kinds], dtype=np.bool_)
        return FailureSeries(
            here.sum(axis=0),
            failures,
            exhausted,
            self._stuck(spoken, curable),
            there.sum(axis=0),
            np.sum(failed, axis=0) if failed else np.zeros_like(exhausted),
            self._retries.get(path, np.full(self.steps.coarse_steps, np.nan)),
            self.steps.mean_ms(np.array(numbers, dtype=np.int64)),
            numbers,
            _classes(here, kinds),
        )

    def _stuck(self, spoken: pd.DataFrame, curable: NDArray[np.bool_]) -> Floats:
        """Curable failures (T) of clients that fail mostly, in the step or around it."""
        found = np.zeros(len(self.steps.times))
        if not curable.any():
            return found
        for _, edges in spoken.groupby(["source_namespace", "source_workload"]):
            table = self._table(tuple(int(e) for e in edges["edge"]))
            lost, requests = table[curable].sum(axis=0), table.sum(axis=0)
            mostly = mostly_failing(lost, requests, self.steps.coarse_of_fine)
            found += np.where(mostly, lost, 0.0)
        return found

    def _table(self, edges: tuple[int, ...]) -> Floats:
        """Requests of some edges together, kind by kind, shape (K, T)."""
        found = np.zeros((len(self._kinds), len(self.steps.times)))
        for edge in edges:
            first, last = np.searchsorted(self._edge, [edge, edge + 1])
            at = self._at[first:last]
            inside = (at >= 0) & (at < found.shape[1])
            where = (self._kind[first:last][inside], at[inside])
            np.add.at(found, where, self._count[first:last][inside])
        return found


def _behind(edges: pd.DataFrame, spoken: pd.DataFrame) -> tuple[int, ...]:
    """The edges at which the servers count what these clients sent."""
    clients = set(zip(spoken["source_namespace"], spoken["source_workload"], strict=True))
    there = edges[edges["reporter"] == "destination"]
    named = zip(there["edge"], there["source_namespace"], there["source_workload"], strict=True)
    return tuple(int(edge) for edge, *client in named if tuple(client) in clients)


def _classes(here: Floats, kinds: list[FailureClass | None]) -> tuple[FailureClass, ...]:
    found = [
        replace(kind, requests=float(total))
        for kind, total in zip(kinds, here.sum(axis=1), strict=True)
        if kind is not None and total > 0
    ]
    return tuple(sorted(found, key=lambda c: (-c.requests, c.code, c.flags, c.grpc_status)))


def _repeatable(kind: FailureClass) -> FailureClass:
    """The same, curable where the server may do the work twice; an error of its own (500) stays."""
    raised = {flag.strip() for flag in kind.flags.split(",")} - {"", "-", EXHAUSTED}
    gone = bool(raised & _RESET_FLAGS) or (not raised and kind.code in _GATEWAY_CODES)
    return replace(kind, cure="curable") if kind.cure == "after_work" and gone else kind


def _kinds(rows: pd.DataFrame) -> tuple[list[FailureClass | None], NDArray[np.int64]]:
    """What each combination of labels is (None: no failure), and which one each row has."""
    labels = rows[["code", "flags", "grpc_status"]].astype("str")
    which, names = pd.MultiIndex.from_frame(labels).factorize()
    kinds: list[FailureClass | None] = []
    for code, flags, status in names:
        cure = cure_of(code, flags, status)
        kinds.append(FailureClass(code, flags, status, cure, 0.0) if cure else None)
    return kinds, which.astype(np.int64)


def _envoy_retries(snapshot: Snapshot, steps: EdgeSteps) -> dict[str, Floats]:
    """Target path → retries that its clients' proxies sent, per coarse step (H)."""
    rows = snapshot.envoy.dropna(subset=["retries"])
    if rows.empty:
        return {}
    rows = rows.assign(at=steps.coarse(rows))
    edges = edges_with_target(snapshot.edges)
    names = edges.loc[edges["speaks"], ["cluster", "destination_service", "target"]]
    rows = rows[rows["at"] >= 0].merge(
        names.drop_duplicates(), on=["cluster", "destination_service"]
    )
    found: dict[str, Floats] = {}
    sums = rows.groupby(["target", "at"], as_index=False)["retries"].sum()
    for path, at, value in sums.itertuples(index=False):
        found.setdefault(str(path), np.full(steps.coarse_steps, np.nan))[int(at)] = value
    return found
