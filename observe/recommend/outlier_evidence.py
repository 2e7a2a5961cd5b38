"""What stands beside an outlier detection proposal: evidence, prediction, sentence."""

from __future__ import annotations

import math

import numpy as np

from observe.durations import istio_duration
from observe.recommend.base_model import Interval
from observe.recommend.outlier_base import worst_step
from observe.recommend.outlier_draft import Draft
from observe.recommend.outlier_effect import errors_avoided
from observe.recommend.outlier_hosts import most_ejected
from observe.recommend.outlier_model import Episodes, OutlierEvidence, OutlierPredicted
from observe.recommend.outlier_thresholds import End

_ENDS: tuple[End, ...] = ("low", "middle", "high")


def outlier_evidence(draft: Draft, coverage: float) -> OutlierEvidence:
    """The numbers behind a proposal, rounded for the document."""
    base, replicas, callers = draft.base, draft.replicas, draft.callers
    narrow = draft.judged_by == "gateway"
    errors = base.gateway if narrow else base.errors
    peak = replicas.peak_to_capacity
    return OutlierEvidence(
        requests=round(float(draft.observed.cells.requests.sum()), 3),
        hosts=replicas.usual,
        fewest_hosts=replicas.fewest,
        hosts_reported=replicas.reported,
        base_error_fraction=_share(errors.share),
        base_low=_share(errors.low),
        base_high=_share(errors.high),
        worst_hour_fraction=_share(worst_step(base.cells, draft.per_coarse, narrow)),
        dependence=round(errors.dependence.value, 4),
        unseen_error_fraction=_share(base.unseen),
        outage_fraction=_share(base.outage / base.requests),
        worst_host_fraction=_worst_host(draft),
        judged_by=draft.judged_by,
        client_proxies=round(callers.proxies, 2) if callers.known else None,
        requests_per_host_per_proxy=float(f"{callers.rate:.4g}"),
        peak_to_capacity=None if peak is None else round(peak, 3),
        episodes=_episodes(draft),
        ejections=draft.observed.ejections,
        coverage=round(coverage, 4),
    )


def predict(draft: Draft, current: float | None) -> tuple[OutlierPredicted, dict[str, Interval]]:
    """What the settings would have done, with intervals by field name."""
    chosen, base = draft.settings, draft.base
    low, middle, high = (
        _ejections(base.ejections(chosen.errors, chosen.gateway, end)) for end in _ENDS
    )
    avoided = errors_avoided(draft.episodes, chosen, draft.step_seconds, draft.callers.proxies)
    intervals: dict[str, Interval] = {"falseEjectionsPerWeek": (low, high)}
    if avoided is not None:
        intervals["errorsAvoidedFraction"] = (_share(avoided[1][0]), _share(avoided[1][1]))
    return (
        OutlierPredicted(
            false_ejections_per_week=middle,
            current_false_ejections_per_week=None if current is None else _ejections(current),
            errors_avoided_fraction=None if avoided is None else _share(avoided[0]),
            seconds_to_eject=round(draft.seconds_to_eject, 3),
        ),
        intervals,
    )


def outlier_message(draft: Draft, words: str, avoided: float | None) -> str:
    """The recommendation in a few sentences; `words` is the verdict on what is set."""
    chosen, limits, hosts = draft.settings, draft.limits, draft.replicas.fewest
    k, kind = chosen.errors, "errors"
    if draft.judged_by == "gateway":
        k, kind = chosen.gateway, "answers 502, 503 or 504"
    high = draft.base.ejections(chosen.errors, chosen.gateway)
    parts = [words]
    if draft.episodes:
        names = {episode.host for episode in draft.episodes}
        longest = max(episode.steps for episode in draft.episodes) * draft.step_seconds
        number = len(draft.episodes)
        times = {1: "once", 2: "twice"}.get(number, f"{number} times")
        who = "A host" if len(names) == 1 else f"{len(names)} hosts"
        parts.append(f"{who} failed alone {times}, for {_span(longest)} at the longest.")
    parts.append(
        f"{k} {kind} in a row take a dead host out after {_span(draft.seconds_to_eject)} and "
        f"healthy ones, by chance, less than {_rarely(high)} times a week; "
        f"{limits.percent} % lets {most_ejected(limits.percent, hosts)} of {hosts} hosts go, for "
        f"{istio_duration(1000 * chosen.base)} at first."
    )
    if avoided is not None:
        parts.append(f"That would have avoided {avoided:.0%} of the errors of the failing hosts.")
    return " ".join(parts)


def _episodes(draft: Draft) -> Episodes | None:
    if not draft.episodes:
        return None
    seconds = [episode.steps * draft.step_seconds for episode in draft.episodes]
    return Episodes(
        number=len(seconds),
        hosts=len({episode.host for episode in draft.episodes}),
        median_seconds=float(np.median(seconds)),
        longest_seconds=float(max(seconds)),
        errors=round(sum(episode.errors for episode in draft.episodes), 3),
    )


def _worst_host(draft: Draft) -> float | None:
    hosts = draft.observed.hosts
    if hosts is None:
        return None
    n, x = hosts.coarse_requests(), hosts.coarse_errors()
    enough = n >= min(100.0, float(n.max()))
    return _share(float((x[enough] / n[enough]).max())) if enough.any() and n.max() > 0 else 0.0


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 5_400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"


def _rarely(number: float) -> str:
    """The bound, rounded up: "0.01", "1"."""
    if number < 1e-3:
        return "0.001"
    scale = 10 ** (1 - math.floor(math.log10(number)))
    return f"{math.ceil(number * scale) / scale:g}"


def _ejections(value: float) -> float:
    return float(f"{value:.4g}")


def _share(value: float) -> float:
    return round(float(value), 8)
