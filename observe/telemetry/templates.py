"""Parts of PromQL that the catalogue is made of.

They are templates: `$by` stands for the labels to group by, `$window` for the step, `$once` for
what makes one series of the copies that several Prometheus replicas recorded.
"""

from __future__ import annotations

from collections.abc import Sequence

from observe.telemetry.matchers import not_equals, selector

#: cAdvisor also reports the pod's sandbox ("POD") and sums over the pod (no container).
_CONTAINERS = (not_equals("container", ""), not_equals("container", "POD"))

#: What Kubernetes draws generated name parts from (apimachinery, util/rand): no vowels, no 0 1 3.
_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
#: Shapes of pod names, the most specific last: bare, StatefulSet, DaemonSet or Job, Deployment.
_POD_NAMES = ("(.*)", "(.+)-[0-9]+", f"(.+)-{_SAFE}{{5}}", f"(.+)-{_SAFE}{{6,10}}-{_SAFE}{{5}}")

_SMALL_FIRST_VALUE = 10


def sum_of_increases(metric: str, matchers: Sequence[str]) -> str:
    """Increases of a counter over the step, summed over pods."""
    return f"sum by ($by) ($once(increase({selector(metric, matchers)}[$window])))"


def first_values(metric: str, matchers: Sequence[str]) -> str:
    """Requests that a counter held when it was first scraped, which `increase` cannot see.

    Each proxy starts a counter with its first request of a kind, so that rare outcomes would be
    counted too low by one or more for every pod. Only small first values are added: a series that
    comes back after a gap is no new one, and must not bring its whole past along.
    """
    series = selector(metric, matchers)
    small = f"min_over_time({series}[$window]) <= {_SMALL_FIRST_VALUE}"
    before = f"{series} offset $window"
    born = f"({small}) unless {before}"
    recorded = f"count({before})"  # at the start of all records every series would seem new
    return f"sum by ($by) ($once(({born}) and on () {recorded}))"


def both(first: str, second: str) -> str:
    """The series of two queries; equal ones are told apart by `part`, to be added up later."""
    return " or ".join(
        f'label_replace({query}, "part", "{number}", "", "")'
        for number, query in enumerate((first, second), start=1)
    )


def _with_workload(expression: str) -> str:
    """The expression with a label `workload`, read from the shape of the pod's name."""
    for shape in _POD_NAMES:
        pattern = shape.replace("$", "$$")
        expression = f'label_replace({expression}, "workload", "$$1", "pod", "{pattern}")'
    return expression


def per_container(aggregate: str, function: str, metric: str) -> str:
    """A function of a container's metric over the step, aggregated over the workload's pods."""
    inner = f"$once({function}({selector(metric, _CONTAINERS)}[$window]))"
    return f"{aggregate} by ($by) ({_with_workload(inner)})"


def messages(direction: str, matchers: Sequence[str]) -> str:
    """gRPC messages in one direction ("request" or "response"), with a label that tells which."""
    total = sum_of_increases(f"istio_{direction}_messages_total", matchers)
    return f'label_replace({total}, "direction", "{direction}", "", "")'


def pods(metric: str) -> str:
    """Number of pods whose containers have this metric at the end of the step."""
    return f"count by ($by) ({_with_workload(f'$once({selector(metric, _CONTAINERS)})')})"
