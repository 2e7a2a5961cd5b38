"""Ways to make a recording of a metric; every sum names the labels that it keeps."""

from __future__ import annotations

from collections.abc import Sequence

from observe.bootstrap.rules.model import Recording
from observe.telemetry.recorded import SETTLE_SECONDS
from observe.telemetry.templates import ContainerLabels

WINDOW = "5m"
#: What follows the metric in a rate; all rates of a group end at one moment (`SETTLE_SECONDS`).
SPAN = f"[{WINDOW}] offset {SETTLE_SECONDS}s"


def series_name(level: str, metric: str, operation: str) -> str:
    """`level:metric:operation`; a counter's `_total` says nothing about a rate and is left out."""
    return f"{level}:{metric.removesuffix('_total')}:{operation}"


def rate(level: str, metric: str, by: Sequence[str], purpose: str, matchers: str = "") -> Recording:
    """The rate of a counter first, then its sum: a pod that goes away takes only itself along."""
    expression = f"sum by ({', '.join(by)}) (rate({metric}{matchers}{SPAN}))"
    return Recording(series_name(level, metric, f"rate{WINDOW}"), expression, purpose)


def histogram(level: str, metric: str, by: Sequence[str], purpose: str) -> list[Recording]:
    """Buckets, sum and count of a histogram."""
    return [
        rate(level, f"{metric}_bucket", (*by, "le"), purpose),
        rate(level, f"{metric}_sum", by, purpose),
        rate(level, f"{metric}_count", by, purpose),
    ]


def gauge(
    level: str, metric: str, aggregate: str, by: Sequence[str], purpose: str, matchers: str = ""
) -> Recording:
    """A gauge, aggregated by `sum`, `max`, `min` or `count`."""
    expression = f"{aggregate} by ({', '.join(by)}) ({metric}{matchers})"
    return Recording(series_name(level, metric, aggregate), expression, purpose)


def with_workload(expression: str) -> str:
    """The expression with a label `workload`, read from the shape of the pod's name."""
    return ContainerLabels().with_workload(expression).replace("$$", "$")
