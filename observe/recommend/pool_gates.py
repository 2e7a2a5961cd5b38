"""Targets that must not get a connection pool, and why."""

from __future__ import annotations

from observe.recommend.policy import PoolPolicy
from observe.recommend.pool_limits import PoolEstimate
from observe.recommend.reasons import Reason
from observe.recommend.targets import REQUEST_PROTOCOLS, request_targets
from observe.recommend.timeout_estimate import Refusal
from observe.recommend.timeout_gates import Gates, gate
from observe.signals.concurrency import TargetLoad
from observe.signals.latency import TargetLatency
from observe.signals.targets import target_of
from observe.target import Target
from observe.telemetry.snapshot import Snapshot

#: Held requests are under way like others: how long they take is no doubt here.
_NO_OBSTACLE = (Reason.LONG_POLL,)
#: What the gates of the timeouts say, where it would not fit a pool.
_WORDS = {
    Reason.STREAM: "streams and websockets stay open: how many are open is not told by how many "
    "ended, and a limit would refuse new ones",
    Reason.SOURCE_WITHOUT_METRICS: "only the server reports: its clients have no sidecar or are "
    "not scraped, and what each of them has under way is not known",
}


def refuse_pool(
    target: Target,
    latency: TargetLatency | None,
    load: TargetLoad | None,
    gates: Gates,
    policy: PoolPolicy,
) -> Refusal | None:
    """Why a target gets no pool; None when nothing speaks against one."""
    refused = gate(target, latency, gates)
    if refused is not None and refused.reason not in _NO_OBSTACLE:
        return Refusal(refused.reason, _WORDS.get(refused.reason, refused.message))
    if load is not None and load.requests < policy.least_requests:
        return Refusal(
            Reason.TOO_FEW_REQUESTS,
            f"{load.requests:,.0f} requests; {policy.least_requests:,.0f} are needed to see a peak",
        )
    return None


def refuse_idle(estimate: PoolEstimate, load: TargetLoad, policy: PoolPolicy) -> Refusal | None:
    """Why a target with next to nothing under way gets no pool: any limit would be a guess."""
    shown = estimate.neediest.high
    if load.refused > 0 or shown * policy.loose_factor > policy.least_limit:
        return None
    if estimate.requests > policy.least_limit:  # by Envoy's gauge
        return None
    return Refusal(
        Reason.POOL_HARDLY_USED,
        f"hardly ever more than {shown:.0f} requests are under way in a proxy at a time: a limit "
        f"that lets bursts through ({policy.least_limit}) would be a guess",
    )


def tcp_targets(snapshot: Snapshot) -> list[Target]:
    """Hosts that TCP connections go to and no request does, sorted."""
    columns = ["cluster", "destination_service_namespace", "destination_service"]
    plain = snapshot.edges[~snapshot.edges["protocol"].isin(REQUEST_PROTOCOLS)]
    names = plain[columns].drop_duplicates().sort_values(columns)
    targets = [target_of(*row) for row in names.itertuples(index=False)]
    asked = {target.path for target in request_targets(snapshot)}
    return list({t.path: t for t in targets if t.path not in asked}.values())
