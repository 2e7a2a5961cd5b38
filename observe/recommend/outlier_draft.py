"""A target on its way to a recommendation: all that was found, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from observe.recommend.outlier_clients import Callers
from observe.recommend.outlier_effect import Settings, base_ejection_time
from observe.recommend.outlier_hosts import Limits, Replicas, limits
from observe.recommend.outlier_telemetry import Observed
from observe.recommend.outlier_thresholds import Base, base_of, thresholds
from observe.recommend.policy import OutlierPolicy
from observe.recommend.reasons import Reason
from observe.recommend.timeout_estimate import Refusal
from observe.signals.host_episodes import Episode, episodes_of
from observe.telemetry.manifest import Window

_MOSTLY = 0.5


@dataclass(frozen=True)
class Draft:
    """Everything that a recommendation is made of.

    Attributes:
        observed: the telemetry of the target.
        base: errors of healthy hosts.
        replicas: the hosts.
        callers: the client proxies.
        episodes: failures of single hosts.
        settings: thresholds and times that are proposed.
        limits: how many hosts may be ejected.
        step_seconds: length of a fine step.
        per_coarse: fine steps in a coarse one.
    """

    observed: Observed
    base: Base
    replicas: Replicas
    callers: Callers
    episodes: tuple[Episode, ...]
    settings: Settings
    limits: Limits
    step_seconds: int
    per_coarse: int

    @property
    def judged_by(self) -> Literal["5xx", "gateway"]:
        """Which errors in a row eject first."""
        return "gateway" if self.settings.gateway else "5xx"

    @property
    def seconds_to_eject(self) -> float:
        """How long a host that fails every request (503) stays in use at one proxy."""
        return (self.settings.gateway or self.settings.errors) / self.callers.rate


def draft_of(
    observed: Observed, window: Window, policy: OutlierPolicy, cut: float
) -> Draft | Refusal:
    """The proposal for a target whose clients' proxies speak, or why there is none.

    Args:
        observed: the telemetry.
        window: the window that it is from.
        policy: the knobs.
        cut: share of good answers that a timeout may come to cut (0-1).
    """
    requests = float(observed.cells.requests.sum())
    if requests < policy.least_requests:
        return Refusal(
            Reason.TOO_FEW_REQUESTS,
            f"{requests:,.0f} requests in the window; {policy.least_requests:,.0f} are needed to "
            "tell what is normal for its hosts",
        )
    replicas, callers = observed.replicas, observed.callers
    if replicas is None or callers is None:
        return Refusal(
            Reason.REPLICAS_UNKNOWN,
            "nothing tells how many hosts there are: neither do their proxies report, nor are "
            "their pods in cAdvisor's metrics",
        )
    if replicas.fewest < 2:
        return Refusal(
            Reason.SINGLE_HOST,
            "there is one host: when it is ejected nobody takes over, and requests fail or go to "
            "it all the same",
        )
    base = base_of(observed, window.days, policy, slice(0, None), cut)
    if base is None or base.outage > _MOSTLY * base.requests:
        return Refusal(
            Reason.MOSTLY_FAILING, "most answers of all hosts are errors: mend the service first"
        )
    return _settled(observed, base, replicas, callers, window, policy)


def _settled(
    observed: Observed,
    base: Base,
    replicas: Replicas,
    callers: Callers,
    window: Window,
    policy: OutlierPolicy,
) -> Draft | Refusal:
    found = thresholds(base, policy)
    if found is None:
        return Refusal(
            Reason.FAILS_TOO_EVENLY,
            f"{base.errors.share:.2%} of the answers of healthy hosts are errors: even "
            f"{policy.highest_consecutive} in a row come by chance, and ejection cannot tell a "
            "failing host from the others",
        )
    wait = (found.gateway or found.errors) / callers.rate
    if wait > policy.most_seconds_to_eject:
        return Refusal(
            Reason.EJECTION_TOO_SLOW,
            f"one client proxy sends {3_600 * callers.rate:.2g} requests an hour to one host: "
            f"{found.gateway or found.errors} errors in a row take {wait / 60:,.0f} minutes, and "
            "the host is well again or replaced by then",
        )
    episodes: tuple[Episode, ...] = ()
    if observed.hosts is not None and observed.failing is not None:
        episodes = episodes_of(observed.hosts, observed.failing)
    settings = Settings(found.errors, found.gateway)
    base_time = base_ejection_time(episodes, settings, window.step_seconds, callers.proxies)
    return Draft(
        observed=observed,
        base=base,
        replicas=replicas,
        callers=callers,
        episodes=episodes,
        settings=Settings(found.errors, found.gateway, base_time),
        limits=limits(replicas, policy.spare_capacity),
        step_seconds=window.step_seconds,
        per_coarse=max(1, window.coarse_step_seconds // window.step_seconds),
    )
