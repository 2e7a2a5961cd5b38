"""Outlier detection that was advised, held against hosts of which the truth is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from observe.demo.exact import true_fraction_above
from observe.demo.failing import FailureProcess
from observe.demo.policy_truth import PolicyTruth
from observe.demo.process import arrivals, load_of
from observe.demo.proxy import OutlierDetection, ProxyPolicy, Scenario, run
from observe.demo.proxy.replay import scenario_at
from observe.demo.rhythm import HOURS_PER_WEEK
from observe.demo.truth import Truth
from observe.durations import parse_ms
from observe.recommend.model import Advice
from observe.recommend.outlier_model import OutlierRecommendation

_MOST_REQUESTS = 40_000.0
#: Where a smaller share of the tries succeeds, a service is down.
_OUTAGE = 0.5


@dataclass(frozen=True)
class OutlierCase:
    """One target with outlier detection.

    Attributes:
        false_ejections: of healthy hosts in a week, by the truth.
        stated: what the recommendation predicts, and the upper end of its interval.
        ejected: whether the proxies ejected the bad host of the truth; None: it has none.
        all_ejected: whether the settings may eject every host.
    """

    target: str
    verdict: str
    false_ejections: float
    stated: tuple[float, float]
    ejected: bool | None
    all_ejected: bool


def judge_outliers(
    truth: Truth, advice: Advice, truths: dict[str, PolicyTruth]
) -> list[OutlierCase]:
    """Every target of a mesh for which outlier detection is advised."""
    timeouts = {t.target.path: float(parse_ms(t.proposed["timeout"])) for t in advice.timeouts}
    found = []
    for one in advice.recommendations:
        if not isinstance(one, OutlierRecommendation):
            continue
        target, rules = one.target.path, _rules(one.proposed)
        expected = one.predicted.false_ejections_per_week
        high = one.predicted_interval.get("falseEjectionsPerWeek", (expected, expected))[1]
        found.append(
            OutlierCase(
                f"{truth.name} {target}",
                truths[target].verdict,
                false_ejections(truth, target, rules, timeouts.get(target)),
                (expected, max(high, expected)),
                _ejects(truth, target, rules),
                rules.max_ejection_percent >= 100,
            )
        )
    return found


def _rules(proposed: dict[str, object]) -> OutlierDetection:
    def number(name: str, default: float) -> float:
        value = proposed.get(name)
        return default if value is None else float(str(value))

    def seconds(name: str, default: float) -> float:
        value = proposed.get(name)
        return default if value is None else parse_ms(str(value)) / 1000

    return OutlierDetection(
        consecutive_5xx=int(number("consecutive5xxErrors", 5)),
        consecutive_gateway=int(number("consecutiveGatewayErrors", 0)),
        interval_s=seconds("interval", 10),
        base_ejection_s=seconds("baseEjectionTime", 30),
        max_ejection_percent=number("maxEjectionPercent", 10),
        min_health_percent=number("minHealthPercent", 0),
    )


def false_ejections(
    truth: Truth, target: str, rules: OutlierDetection, timeout_ms: float | None
) -> float:
    """Ejections of hosts that fail no more than any other, expected in the week of the window.

    Runs of k failures in a row come up (1 - p) p^k / (1 - p^k) times a try when each fails with p
    (Feller, An Introduction to Probability Theory I, XIII.7), whatever proxies and hosts they are
    shared out over. Spans in which all hosts fail, or single ones, are left out, and so are the
    moments of an overload in which most tries fail: that is an outage by another name.
    """
    hours = np.arange(HOURS_PER_WEEK)
    service = truth.edges_of(target)[0][1].service
    load = load_of(truth, service, hours)
    cut = true_fraction_above(truth, target, timeout_ms) if timeout_ms else 0.0
    tries = sum(arrivals(truth, edge, hours) for _, edge in truth.edges_of(target))
    total = 0.0
    for limit, gateway in ((rules.consecutive_5xx, False), (rules.consecutive_gateway, True)):
        if not limit:
            continue
        healthy = np.full_like(load, 1.0 - cut)
        for process in service.processes:
            healthy = healthy * (1 - _chance(process, load, gateway=gateway))
        p = np.where(healthy < _OUTAGE, 0.0, 1 - healthy)
        total += float((tries * (1 - p) * p**limit / (1 - p**limit)).sum())
    return total


def _chance(process: FailureProcess, load: np.ndarray, *, gateway: bool) -> np.ndarray:
    """Share of a healthy host's tries that count as errors; gRPC as Envoy maps it."""
    code = {"13": 500, "14": 503, "8": 429}.get(process.grpc_status, int(process.code))
    counts = code in (502, 503, 504) if gateway else code >= 500
    if not counts or process.active or process.flags in ("UO", "UH"):
        return np.zeros_like(load)
    if process.nature == "overload":
        return np.vectorize(process.overload, otypes=[np.float64])(load)
    return np.full_like(load, process.chance)


def _ejects(truth: Truth, target: str, rules: OutlierDetection) -> bool | None:
    """Whether the clients' proxies eject the bad host in the first hour in which it fails."""
    service = truth.edges_of(target)[0][1].service
    spans = [p.active[0] for p in service.processes if p.nature == "bad_host" and p.active]
    if not spans:
        return None
    start, lasts = spans[0]
    hour = int(start) if int(start + lasts) == int(start) else int(start) + 1
    scenario, seconds = scenario_at(truth, target, hour, _MOST_REQUESTS)
    lasting = _always(scenario)
    found = run(lasting, ProxyPolicy(outliers=rules), min(seconds, 3600 * lasts), truth.seed)
    return found.ejections_failing > 0


def _always(scenario: Scenario) -> Scenario:
    return replace(scenario, processes=tuple(replace(p, active=()) for p in scenario.processes))


def report_outliers(cases: list[OutlierCase], bound: float) -> list[tuple[str, str]]:
    """Figures with their names."""
    if not cases:
        return [("targets with outlier detection", "0")]
    bad = [c.ejected for c in cases if c.ejected is not None]
    highest = max(cases, key=lambda c: c.false_ejections)
    return [
        ("targets with outlier detection", str(len(cases))),
        (
            f"false ejections a week above the bound of {bound:g}",
            str(sum(c.false_ejections > bound for c in cases)),
        ),
        ("  highest", f"{highest.false_ejections:.3g} ({highest.verdict})"),
        (
            "  above the upper end of what is predicted",
            str(sum(c.false_ejections > c.stated[1] * 1.001 + 1e-9 for c in cases)),
        ),
        ("settings that can eject every host", str(sum(c.all_ejected for c in cases))),
        (
            "bad hosts that the proxies ejected",
            f"{np.mean(bad):.1%} of {len(bad)}" if bad else "none",
        ),
    ]
