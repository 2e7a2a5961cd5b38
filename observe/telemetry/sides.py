"""Both sides of an edge against each other: do the proxies of clients and servers tell the same?

Coverage is about gaps in what is scraped; of a pod that is not scraped at all it knows nothing.
But the proxy at the other end of its calls counts them too. A side that tells of fewer answers
than the other lacks pods.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np
import pandas as pd

from observe.telemetry.snapshot import Snapshot

#: A side that counts less than this share of what the other one counts is worth a word. Scrapes
#: miss some seconds of each pod's life, so that the sides are never quite equal.
_WORTH_TELLING = 0.8
#: Workloads with fewer answers than this are left out, by chance they may differ by much.
_ENOUGH_ANSWERS = 1000
_NAMED = 3
_SIDES = ("source", "destination")
#: Sides are compared over all clusters: a client may call servers of another one.
_PAIR = ["source_namespace", "source_workload", "destination_namespace", "destination_workload"]

_SUCCEEDED: dict[str, Callable[[str], bool]] = {
    "code": lambda code: code[:1] in ("1", "2", "3"),
    "flags": lambda flags: flags in ("", "-"),
    "grpc_status": lambda status: status in ("", "0"),
}


def with_side_warnings(snapshot: Snapshot) -> Snapshot:
    """The snapshot with a warning about workloads of which one side counts too little.

    Nothing is said where a piece is missing: the other half may be in it.
    """
    manifest = snapshot.manifest
    lines = [] if manifest.missing else side_warnings(snapshot.requests, snapshot.edges)
    if not lines:
        return snapshot
    warnings = (*manifest.source.warnings, *lines)
    source = manifest.source.model_copy(update={"warnings": warnings})
    return replace(snapshot, manifest=manifest.model_copy(update={"source": source}))


def side_warnings(requests: pd.DataFrame, edges: pd.DataFrame) -> list[str]:
    """A line about workloads whose proxies count fewer answers than those at the other end.

    Args:
        requests: the frame `requests`.
        edges: the frame `edges`.
    """
    counted = _answers(requests, edges)
    low: dict[str, float] = {}
    for side, other in (_SIDES, _SIDES[::-1]):
        names = [f"{side}_namespace", f"{side}_workload"]
        totals = counted.groupby(names)[list(_SIDES)].sum()
        totals = totals[totals[other] >= _ENOUGH_ANSWERS]
        shares = totals[side] / totals[other]
        for at, share in shares[shares < _WORTH_TELLING].items():
            name = "/".join(map(str, cast("tuple[str, str]", at)))
            low[name] = min(low.get(name, 1.0), float(share))
    if not low:
        return []
    worst = sorted(low, key=lambda name: (low[name], name))
    told = ", ".join(f"{name} {low[name]:.0%}" for name in worst[:_NAMED])
    more = f" and {len(worst) - _NAMED} more workloads" if len(worst) > _NAMED else ""
    return [
        f"proxies recorded only a part of the answers that the proxies at the other end of the "
        f"same calls recorded: {told}{more}; some of their pods are not scraped, live for a few "
        "scrapes only, or run in a cluster that was not read. Coverage does not show this"
    ]


def _answers(requests: pd.DataFrame, edges: pd.DataFrame) -> pd.DataFrame:
    """Answers by client and server workload, a column for each side; pairs that both sides tell.

    Only answers that succeeded are compared: failures that Envoy makes up, and tries that are
    repeated, are there on one side only.
    """
    if requests.empty:
        return pd.DataFrame(columns=[*_PAIR, *_SIDES])
    chosen = np.ones(len(requests), dtype=np.bool_)
    for column, succeeded in _SUCCEEDED.items():
        values = requests[column].cat
        good = np.array([succeeded(str(value)) for value in values.categories], dtype=np.bool_)
        chosen &= good[values.codes.to_numpy()]
    total = np.bincount(
        requests["edge"].to_numpy(),
        weights=np.where(chosen, requests["requests"], 0.0),
        minlength=len(edges),
    )
    known = edges.assign(answers=total[edges["edge"]])
    known = known[(known[["source_workload", "destination_workload"]] != "unknown").all(axis=1)]
    wide = known.pivot_table(
        index=_PAIR, columns="reporter", values="answers", aggfunc="sum", fill_value=0.0
    )
    wide = wide.reindex(columns=list(_SIDES), fill_value=0.0)
    return wide[(wide > 0).all(axis=1)].reset_index()
