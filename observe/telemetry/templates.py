"""Parts of PromQL that the catalogue is made of.

They are templates: `$by` stands for the labels to group by, `$window` for the step (`$seconds` is
its length as a number), `$half_open` for the step without its first moment, which Prometheus 2
takes into a range, `$once` for what makes one series of the copies that several Prometheus replicas
recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from observe.telemetry.matchers import not_equals, selector

#: What Kubernetes draws generated name parts from (apimachinery, util/rand): no vowels, no 0 1 3.
_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
#: Shapes of pod names, the most specific last: bare, StatefulSet, DaemonSet or Job, Deployment.
POD_NAMES = ("(.*)", "(.+)-[0-9]+", f"(.+)-{_SAFE}{{5}}", f"(.+)-{_SAFE}{{6,10}}-{_SAFE}{{5}}")

_SMALL_FIRST_VALUE = 10


def sum_of_increases(metric: str, matchers: Sequence[str]) -> str:
    """Increases of a counter over the step, summed over pods."""
    return f"sum by ($by) ($once(increase({selector(metric, matchers)}[$window])))"


def first_values(
    metric: str, matchers: Sequence[str], recorded: Sequence[str] | None = None
) -> str:
    """Requests that a counter held when it was first scraped, which `increase` cannot see.

    Each proxy starts a counter with its first request of a kind, so that rare outcomes would be
    counted too low by one or more for every pod. Only small first values are added: a series that
    comes back after a gap is no new one, and must not bring its whole past along.

    Args:
        metric: the counter.
        matchers: which of its series.
        recorded: series that show whether anything was recorded before; the same when not given.
    """
    series = selector(metric, matchers)
    small = f"min_over_time({series}[$window]) <= {_SMALL_FIRST_VALUE}"
    before = f"{series} offset $window"
    born = f"({small}) unless {before}"
    # at the start of all records every series would seem new
    known = f"{selector(metric, matchers if recorded is None else recorded)} offset $window"
    return f"sum by ($by) ($once(({born}) and on () count({known})))"


def side_by_side(*queries: str) -> str:
    """The series of some queries; equal ones are told apart by `part`, to be added up later."""
    if len(queries) == 1:
        return queries[0]
    return " or ".join(
        f'label_replace({query}, "part", "{number}", "", "")'
        for number, query in enumerate(queries, start=1)
    )


@dataclass(frozen=True)
class ContainerLabels:
    """What cAdvisor's series call a pod and a container.

    Attributes:
        pod: `pod`; `pod_name` before Kubernetes 1.16.
        container: `container`; `container_name` before Kubernetes 1.16.
    """

    pod: str = "pod"
    container: str = "container"

    @property
    def matchers(self) -> tuple[str, ...]:
        """cAdvisor also reports the pod's sandbox ("POD") and sums over the pod (no container)."""
        return (not_equals(self.container, ""), not_equals(self.container, "POD"))

    def with_workload(self, expression: str) -> str:
        """The expression with a label `workload`, read from the shape of the pod's name."""
        if self.container != "container":
            expression = _copied(expression, self.container, "container")
        for shape in POD_NAMES:
            expression = _copied(expression, self.pod, "workload", shape.replace("$", "$$"))
        return expression


#: Before Kubernetes 1.16.
OLD_LABELS = ContainerLabels("pod_name", "container_name")


def _copied(expression: str, source: str, target: str, pattern: str = "(.*)") -> str:
    """The first group of a label's value under another name, where the pattern fits."""
    return f'label_replace({expression}, "{target}", "$$1", "{source}", "{pattern}")'


def per_container(
    aggregate: str, function: str, metric: str, labels: ContainerLabels | None = None
) -> str:
    """A function of a container's metric over the step, aggregated over the workload's pods."""
    labels = labels or ContainerLabels()
    return of_workload(aggregate, function, selector(metric, labels.matchers), labels)


def of_workload(
    aggregate: str, function: str, series: str, labels: ContainerLabels | None = None
) -> str:
    """A function of some series of pods over the step, aggregated over each workload's pods."""
    inner = f"$once({function}({series}[$window]))"
    return f"{aggregate} by ($by) ({(labels or ContainerLabels()).with_workload(inner)})"


def messages(direction: str, matchers: Sequence[str]) -> str:
    """gRPC messages in one direction ("request" or "response"), with a label that tells which."""
    total = sum_of_increases(f"istio_{direction}_messages_total", matchers)
    return f'label_replace({total}, "direction", "{direction}", "", "")'


def pods(metric: str, labels: ContainerLabels | None = None) -> str:
    """Number of pods whose containers have this metric at the end of the step."""
    labels = labels or ContainerLabels()
    inner = f"$once({selector(metric, labels.matchers)})"
    return f"count by ($by) ({labels.with_workload(inner)})"


def labelled(expression: str, label: str, value: str) -> str:
    """The expression with a label of this value."""
    return f'label_replace({expression}, "{label}", "{value}", "", "")'


def exported(expression: str) -> str:
    """What kube-state-metrics tells of others, however Prometheus was told to scrape it.

    Without `honor_labels` the labels of kube-state-metrics' own pod keep their names, and those
    that it tells are renamed; where there are none of these nothing changes.
    """
    for label in ("namespace", "pod", "container"):
        expression = _copied(expression, f"exported_{label}", label, "(.+)")
    return expression
