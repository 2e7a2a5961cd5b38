"""Callers that a timeout would hurt although it suits all requests together."""

from __future__ import annotations

from observe.recommend.backtest import share_cut
from observe.recommend.policy import TimeoutPolicy
from observe.recommend.timeout_estimate import CallerTail
from observe.recommend.timeout_tail import Mask, finished, tail_of
from observe.signals.latency import TargetLatency

#: A caller is hurt when it loses this many times the accepted share, and this many requests.
_TIMES_THE_BUDGET = 10.0
_FEWEST_CUT = 10.0


def called_by_gateway(callers: tuple[tuple[str, str], ...]) -> bool:
    """Whether a gateway is among the callers (namespace, workload).

    A VirtualService without `gateways` acts on sidecars only; what a gateway waits for stands in
    the VirtualService that is bound to it. Told by the name: Istio's own charts call the
    deployment istio-ingressgateway, and Gateway API's end in the name of their class.
    """
    return any("gateway" in workload for _, workload in callers)


def callers_cut(
    latency: TargetLatency, policy: TimeoutPolicy, normal: Mask, timeout_ms: float
) -> tuple[CallerTail, ...]:
    """Callers of which the timeout cuts far more than the budget, the most requests first.

    A nightly job with few requests disappears among the millions of others, and may still be
    cut in half.

    Args:
        latency: the target's durations.
        policy: the knobs.
        normal: steps that are no incident (mask of H).
        timeout_ms: the proposal.
    """
    hurt: list[tuple[float, int]] = []
    for i in range(len(latency.callers)):
        survival = finished(latency, normal, caller=i).survival
        share = share_cut(survival, timeout_ms)
        lost = share * survival.total
        if lost >= _FEWEST_CUT and share >= _TIMES_THE_BUDGET * policy.false_timeout_rate:
            hurt.append((lost, i))
    order = [i for _, i in sorted(hurt, key=lambda found: (-found[0], found[1]))]
    return tuple(
        CallerTail(*latency.callers[i], tail_of(latency, policy, normal, caller=i)) for i in order
    )
