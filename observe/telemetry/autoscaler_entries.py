"""What is asked of HorizontalPodAutoscalers, as kube-state-metrics tells of them, in one query."""

from __future__ import annotations

from collections.abc import Iterable

from observe.telemetry.entry import Entry
from observe.telemetry.templates import exported, labelled

_PREFIX = "kube_horizontalpodautoscaler_"
#: What a figure is → the metric that tells it. `info` tells what is scaled.
FIGURES = {
    "current": f"{_PREFIX}status_current_replicas",
    "min": f"{_PREFIX}spec_min_replicas",
    "max": f"{_PREFIX}spec_max_replicas",
    "target": f"{_PREFIX}spec_target_metric",
    "info": f"{_PREFIX}info",
}
LABELS = (
    "cluster",
    "namespace",
    "horizontalpodautoscaler",
    "figure",
    "metric_name",
    "metric_target_type",
    "scaletargetref_name",
)


def autoscaler_entries(
    names: Iterable[str] | None = None, *, recorded: bool = False
) -> tuple[Entry, ...]:
    """All figures of autoscalers; nothing where their replicas are not known.

    Args:
        names: metrics that exist; all of them when not given.
        recorded: whether series of a federated tier are read.
    """
    metrics = {
        figure: f"workload:{metric}:max" if recorded else metric
        for figure, metric in FIGURES.items()
    }
    known = set(metrics.values()) if names is None else set(names)
    if metrics["current"] not in known:
        return ()
    parts = [
        labelled(exported(f"{metric}{{}}"), "figure", figure)
        for figure, metric in metrics.items()
        if metric in known
    ]
    return (
        Entry(
            "autoscalers",
            (metrics["current"],),
            "autoscalers",
            "fine",
            "replicas",
            "bounds and replicas of autoscalers: a request is what their target is a share of",
            LABELS,
            f"max by ($by) ({' or '.join(parts)})",
        ),
    )
