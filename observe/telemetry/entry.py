"""One entry of the catalogue of what is asked, and the labels that entries are grouped by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import Template
from typing import Literal

#: Labels that make an edge, as Istio names them, with the three that tell the cluster.
EDGE_LABELS = (
    "cluster",
    "source_cluster",
    "destination_cluster",
    "reporter",
    "source_workload",
    "source_workload_namespace",
    "destination_service",
    "destination_service_namespace",
    "destination_workload",
    "destination_workload_namespace",
    "request_protocol",
)
OUTCOME_LABELS = ("response_code", "response_flags", "grpc_response_status")
CONTAINER_LABELS = ("cluster", "namespace", "workload", "container")

Step = Literal["fine", "coarse"]


@dataclass(frozen=True)
class Entry:
    """One thing that is asked.

    Attributes:
        name: short name, used in the manifest when a piece of it is missing.
        metrics: metrics it needs; without one of them it is not asked.
        frame: frame that it feeds.
        step: which of the two steps it is read in.
        unit: unit of the values.
        why: what the numbers are needed for.
        by: labels that the answer is grouped by.
        template: PromQL; `$by`, `$window`, `$half_open`, `$seconds` and `$once` are filled
            in by :func:`promql`.
        positive: rows that are zero say nothing and are dropped.
        answer: PromQL that counts the series of an answer, where those of the first metric, or
            their groups, would tell something else.
    """

    name: str
    metrics: tuple[str, ...]
    frame: str
    step: Step
    unit: str
    why: str
    by: tuple[str, ...]
    template: str
    positive: bool = True
    answer: str = ""


def promql(entry: Entry, window_seconds: int, replica_labels: Sequence[str] = ()) -> str:
    """The query of an entry, to be evaluated at the end of each step.

    Args:
        entry: what is asked.
        window_seconds: length of the step.
        replica_labels: labels that tell apart the Prometheus replicas that recorded the same
            series; the copies are averaged, so that none counts twice and a gap in one of them
            is bridged by the others.
    """
    once = f"avg without ({', '.join(replica_labels)}) " if replica_labels else ""
    return Template(entry.template).substitute(
        by=", ".join(entry.by),
        window=f"{window_seconds}s",
        half_open=f"{window_seconds * 1000 - 1}ms",
        seconds=window_seconds,
        once=once,
    )
