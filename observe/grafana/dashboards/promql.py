"""How a panel's number is read from proxies: recorded rates where they exist, counters elsewhere.

Both tiers are asked with one expression, `recorded or raw`. Its two sides are summed by the same
labels, to which Istio's own names of the two clusters are always added: a cluster that is there in
both forms counts once, and one that is there in a single form is not lost beside another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from observe.telemetry.catalogue import REQUESTS
from observe.telemetry.recorded import EVALUATION_SECONDS, recorded_name

#: The range that Grafana fits to the scrape interval and to the width of a panel.
AUTO = "$__rate_interval"
#: Istio's own names of the clusters at both ends; they tell two clusters apart in either form.
CLUSTERS = ("source_cluster", "destination_cluster")


@dataclass(frozen=True)
class View:
    """Whose word is taken for a request that several proxies report.

    Attributes:
        reporter: the proxy that is believed first.
        waypoint: whether a waypoint stands in where that proxy does not exist.
        key: labels by which it is found out that it does.
        scope: matchers that every selector of this view carries.
        at: modifier of every selector; the moment that is asked for when empty.
        outside: whether the server's proxy speaks for callers that are not in the mesh.
    """

    reporter: str
    waypoint: bool
    key: tuple[str, ...]
    scope: tuple[str, ...] = field(default=())
    at: str = ""
    outside: bool = False

    def within(self, *matchers: str) -> View:
        """The same view of fewer requests."""
        return replace(self, scope=(*self.scope, *matchers))

    @property
    def alone(self) -> View:
        """Without a stand-in: for ratios between reporters, which need both sidecars."""
        return replace(self, waypoint=False, outside=False)

    @property
    def at_end(self) -> View:
        """As it stands at the end of the time range, at every moment of a plot."""
        return replace(self, at=" @ end()")


#: What callers see: their own proxy, else the waypoint that their requests went through; the
#: server's proxy for callers outside the mesh, which have neither.
CLIENT = View(
    "source",
    True,
    ("source_cluster", "source_workload", "source_workload_namespace", "destination_service"),
    outside=True,
)
#: What pods are given: their own proxy, else their waypoint.
SERVER = View(
    "destination", True, ("cluster", "destination_workload", "destination_workload_namespace")
)

#: Callers without a proxy, as the server's proxy names them.
_STRANGERS = 'reporter="destination", source_workload="unknown"'

Matchers = Sequence[str]


def total(
    view: View,
    metric: str,
    by: Iterable[str] = (),
    kinds: Sequence[Matchers] = ((),),
    *,
    window: str = "",
    zero: bool = False,
) -> str:
    """Events per second of a counter (or in a window), summed over what a view sees.

    Args:
        view: whose word is taken.
        metric: the raw counter, such as `istio_requests_total`.
        by: labels that stay.
        kinds: sets of matchers, of which a series must fit one; the sets must not overlap.
        window: count the events of this range; when empty it is events per second, over the range
            that Grafana chooses. From recorded rates a count supposes that they are evaluated
            every minute, as they are by default; shares are right in any case.
        zero: where the view has requests but none of these kinds, the answer is 0, not absent.
    """
    fine = tuple(dict.fromkeys((*by, *CLUSTERS)))
    recorded = recorded_name(metric)
    stored = (
        f"{EVALUATION_SECONDS} * sum_over_time({{}}[{window}]{view.at})"
        if window
        else f"{{}}{view.at}"
    )
    counted = f"increase({{}}[{window}]{view.at})" if window else f"rate({{}}[{AUTO}]{view.at})"
    forms = (
        _heard(view, recorded, recorded_name(REQUESTS), stored, kinds, zero),
        _heard(view, metric, REQUESTS, counted, kinds, zero),
    )
    recorded_sum, raw_sum = (f"sum by ({', '.join(fine)}) ({form})" for form in forms)
    return f"{summed(by)} ({recorded_sum} or {raw_sum})"


def summed(by: Iterable[str]) -> str:
    """`sum by (a, b)`, or `sum` for no labels."""
    labels = ", ".join(by)
    return f"sum by ({labels})" if labels else "sum"


def _heard(
    view: View, metric: str, presence: str, over: str, kinds: Sequence[Matchers], zero: bool
) -> str:
    """Series of the believed reporter, and of waypoints whose requests it does not see."""
    alone = f'reporter="{view.reporter}"'
    pinned = f'reporter=~"{view.reporter}|waypoint"' if view.waypoint else alone

    def any_kind(*who: str) -> str:
        parts = [over.format(_select(metric, (*who, *view.scope, *kind))) for kind in kinds]
        if zero:
            parts.append(f"0 * {_select(metric, (*who, *view.scope))}{view.at}")
        return " or ".join(parts)

    found = any_kind(pinned)
    if view.waypoint:
        seen = f"{_select(presence, (alone, *view.scope))}{view.at}"
        covered = f'label_replace({seen}, "reporter", "waypoint", "", "")'
        found = f"({found}) unless on (reporter, {', '.join(view.key)}) {covered}"
    if view.outside:
        found += f" or {any_kind(_STRANGERS)}"
    return found


def _select(metric: str, matchers: Iterable[str]) -> str:
    return f"{metric}{{{', '.join(matchers)}}}"


def ratio(part: str, whole: str) -> str:
    """Part per whole; nothing where there is no traffic, rather than 0/0."""
    return f"{part} / ({whole} > 0)"
