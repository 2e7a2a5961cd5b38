"""An outlier detection recommendation in lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from observe.recommend.outlier_hosts import most_ejected
from observe.recommend.outlier_judgement import DEFAULT_PERCENT, thresholds_set
from observe.recommend.outlier_model import OutlierRecommendation
from observe.recommend.policy import Policy
from observe.recommend.reasons import Reason
from observe.report.escape import shorten
from observe.report.format import (
    count_text,
    duration_text,
    interval_text,
    length_text,
    plural,
    rate_text,
    setting_text,
    share_text,
    significant,
)
from observe.report.lines import Lines, learned_text, verdict_text
from observe.report.quality import Fact

_WEEK = 7 * 86_400
#: What is written may be anything.
_LONGEST = 12


def outlier_lines(recommendation: OutlierRecommendation, policy: Policy) -> Lines:
    """Everything that is told of outlier detection."""
    return Lines(
        now=outlier_now(recommendation.current),
        proposed=_settings_text(recommendation.proposed),
        action=_action(recommendation),
        effect=_effect(recommendation),
        evidence=_evidence(recommendation, policy),
        predicted=_predicted(recommendation),
        steps=_steps(recommendation, policy),
        backtest=_backtest(recommendation, policy),
        held=_held(recommendation, policy),
    )


def outlier_now(current: Mapping[str, Any] | None) -> str:
    """`5 errors in a row, 10 %`, `none`, or `not known` when nothing was given."""
    if current is None:
        return "not known"
    written = current.get("outlierDetection")
    return _settings_text(written) if isinstance(written, Mapping) and written else "none"


def _settings_text(settings: Mapping[str, Any]) -> str:
    """What ejects first, and how many hosts: `4 errors in a row, 20 %`; `off` when nothing does."""
    row = _row_text(settings)
    percent = shorten(settings.get("maxEjectionPercent", DEFAULT_PERCENT), _LONGEST)
    return f"{row}, {percent} %" if row else "off"


def _row_text(settings: Mapping[str, Any]) -> str:
    """`4 errors in a row`, `3 gateway errors in a row`; empty when nothing ejects."""
    have = thresholds_set(settings)
    fewest = min((k for k in (have.errors, have.gateway) if k > 0), default=0)
    kind = "gateway errors" if fewest == have.gateway else "errors"
    return f"{fewest} {kind} in a row" if fewest else ""


def _row(recommendation: OutlierRecommendation) -> int:
    """The errors in a row that eject first."""
    proposed = recommendation.proposed
    name = "GatewayErrors" if recommendation.evidence.judged_by == "gateway" else "5xxErrors"
    return int(proposed.get(f"consecutive{name}") or 0)


def _action(recommendation: OutlierRecommendation) -> str:
    current, proposed = recommendation.current, recommendation.proposed
    if recommendation.severity == "ok":
        return f"keep {outlier_now(current)} of the hosts"
    percent = proposed.get("maxEjectionPercent")
    text = f"eject a host after {_row_text(proposed)}, {percent} % of the hosts at the most"
    written = (current or {}).get("outlierDetection")
    if isinstance(written, Mapping) and written:
        return f"{text}, instead of {_settings_text(written)}"
    return text


def _effect(recommendation: OutlierRecommendation) -> str:
    predicted = recommendation.predicted
    if recommendation.severity == "ok":
        return "no change needed"
    text = f"a dead host is out after {duration_text(1_000 * predicted.seconds_to_eject)}"
    if predicted.errors_avoided_fraction is not None:
        text += (
            f", which avoids {share_text(predicted.errors_avoided_fraction)} of the errors of "
            "failing hosts"
        )
    before = predicted.current_false_ejections_per_week
    if before is not None and before > predicted.false_ejections_per_week:
        text += (
            f"; healthy hosts are ejected {count_text(predicted.false_ejections_per_week)} times "
            f"a week instead of {count_text(before)}"
        )
    return text


def _evidence(recommendation: OutlierRecommendation, policy: Policy) -> tuple[Fact, ...]:
    evidence = recommendation.evidence
    sure = share_text(policy.outlier_detection.interval_confidence)
    base = interval_text(
        evidence.base_error_fraction, (evidence.base_low, evidence.base_high), share_text
    )
    judged = "502, 503, 504" if evidence.judged_by == "gateway" else "all 5xx"
    facts = [
        Fact("Requests judged", count_text(evidence.requests)),
        Fact("Hosts", _hosts(recommendation)),
        Fact("Errors of healthy hosts", f"{base}, {sure} interval ({judged})"),
        Fact("The same in their worst hour", share_text(evidence.worst_hour_fraction)),
        Fact("Correlation from one to the next", significant(evidence.dependence, 2)),
        Fact("Errors that retries may hide", f"up to {share_text(evidence.unseen_error_fraction)}"),
        Fact("Hosts that failed alone", _episodes(recommendation)),
        Fact("Worst host in its worst hour", share_text(evidence.worst_host_fraction)),
        Fact("Left out: all hosts failed", f"{share_text(evidence.outage_fraction)} of requests"),
        Fact("Client proxies", count_text(evidence.client_proxies)),
        Fact(
            "From one proxy to one host",
            f"{rate_text(evidence.requests_per_host_per_proxy)}, as a typical request finds it",
        ),
        Fact("Peak load over what a host has borne", share_text(evidence.peak_to_capacity)),
        Fact("Ejections that Envoy counted", count_text(evidence.ejections)),
        Fact("Scrapes present", share_text(evidence.coverage)),
    ]
    unknown = {
        "Worst host in its worst hour": evidence.worst_host_fraction,
        "Client proxies": evidence.client_proxies,
        "Peak load over what a host has borne": evidence.peak_to_capacity,
        "Ejections that Envoy counted": evidence.ejections,
    }
    absent = {name for name, value in unknown.items() if value is None}
    return tuple(fact for fact in facts if fact.name not in absent)


def _hosts(recommendation: OutlierRecommendation) -> str:
    evidence = recommendation.evidence
    if evidence.hosts is None:
        return "not known"
    least = evidence.fewest_hosts
    fewest = f", {least} at the fewest" if least not in (None, evidence.hosts) else ""
    return f"{evidence.hosts}{fewest}"


def _episodes(recommendation: OutlierRecommendation) -> str:
    found = recommendation.evidence.episodes
    if found is None:
        reported = recommendation.evidence.hosts_reported
        return "none was seen" if reported else "not known: hosts do not report"
    return (
        f"{plural(found.hosts, 'host')}, {plural(found.number, 'time')}, "
        f"{length_text(found.longest_seconds)} at the longest, {count_text(found.errors)} errors"
    )


def _predicted(recommendation: OutlierRecommendation) -> tuple[Fact, ...]:
    predicted, intervals = recommendation.predicted, recommendation.predicted_interval
    false = interval_text(
        predicted.false_ejections_per_week, intervals.get("falseEjectionsPerWeek"), count_text
    )
    facts = [
        Fact("Healthy hosts ejected", f"{false} a week"),
        Fact("A dead host is out after", duration_text(1_000 * predicted.seconds_to_eject)),
    ]
    if predicted.errors_avoided_fraction is not None:
        avoided = interval_text(
            predicted.errors_avoided_fraction, intervals.get("errorsAvoidedFraction"), share_text
        )
        facts.append(Fact("Errors of failing hosts avoided", avoided))
    return tuple(facts)


def _steps(recommendation: OutlierRecommendation, policy: Policy) -> tuple[str, ...]:
    evidence, knobs = recommendation.evidence, policy.outlier_detection
    proposed, k = recommendation.proposed, _row(recommendation)
    false = recommendation.predicted_interval.get("falseEjectionsPerWeek")
    hosts = evidence.fewest_hosts or evidence.hosts or 0
    percent = int(proposed.get("maxEjectionPercent") or 0)
    steps = [
        "Errors in a row that healthy hosts reach by chance: a run of k takes "
        "(1 - p^k) / ((1 - p) p^k) requests on average, with p the share of errors, up to "
        f"{share_text(max(evidence.base_high, evidence.unseen_error_fraction))}.",
        f"The smallest k, {knobs.lowest_consecutive} at the least, with which the upper end of the "
        f"false ejections is below {count_text(knobs.false_ejections_per_week)} a week: {k}"
        + (f", with {count_text(false[1])}." if false else "."),
        f"At {rate_text(evidence.requests_per_host_per_proxy)} from one proxy to one host that "
        f"takes {duration_text(1_000 * recommendation.predicted.seconds_to_eject)}.",
    ]
    if Reason.GATEWAY_ERRORS_FIRST in recommendation.reasons:
        steps.append("Other 5xx come from healthy hosts too often: gateway errors count apart.")
    if hosts:
        ejected = most_ejected(percent, hosts)
        steps.append(
            f"{ejected} of {hosts} hosts can be spared at the peak: maxEjectionPercent {percent}, "
            f"minHealthPercent {proposed.get('minHealthPercent')}."
        )
    base = setting_text(proposed.get("baseEjectionTime"))
    why = "the shortest that avoids nearly all that any would"
    if evidence.episodes is None:
        why = "Istio's default, as no host was seen to fail"
    return (*steps, f"baseEjectionTime {base}: {why}.")


def _accepted(recommendation: OutlierRecommendation, policy: Policy) -> float:
    """False ejections accepted over the part of the window that a backtest judges."""
    test = recommendation.backtest
    seconds = (test.tested_on[1] - test.tested_on[0]).total_seconds() if test else 0.0
    return policy.outlier_detection.false_ejections_per_week * seconds / _WEEK


def _held(recommendation: OutlierRecommendation, policy: Policy) -> bool | None:
    test = recommendation.backtest
    if test is None:
        return None
    return test.false_ejections_interval[0] <= _accepted(recommendation, policy)


def _backtest(recommendation: OutlierRecommendation, policy: Policy) -> str:
    test = recommendation.backtest
    if test is None:
        return "No backtest: the first part of the window alone gives no number to judge."
    trained, tested = learned_text(test)
    accepted = _accepted(recommendation, policy)
    interval = test.false_ejections_interval
    words = f"the {significant(accepted, 2)} that are accepted in that time"
    avoided = "No host failed alone then"
    if test.errors_avoided_fraction is not None:
        share = share_text(test.errors_avoided_fraction)
        avoided = f"Of the errors of hosts that failed then it would have avoided {share}"
    return (
        f"Learned on the first {trained}, {test.consecutive_errors} errors in a row would have "
        f"been advised; over the {tested} that followed they would have ejected healthy hosts "
        f"{interval_text(test.false_ejections, interval, count_text)} times, "
        f"{verdict_text(*interval, accepted, words)}. {avoided}."
    )
