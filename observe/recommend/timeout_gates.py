"""Targets that must not get a timeout at all, whatever their numbers say."""

from __future__ import annotations

from dataclasses import dataclass

from observe.recommend.policy import TimeoutPolicy
from observe.recommend.reasons import Reason
from observe.recommend.timeout_estimate import Refusal
from observe.signals.latency import TargetLatency
from observe.signals.streams import LongLived, long_lived, messages_per_call, upgraded_share
from observe.signals.targets import edges_with_target
from observe.target import Target
from observe.telemetry.snapshot import Snapshot

_WORDS = {
    LongLived.GRPC_STREAM: "calls carry {messages:.1f} messages each: these are gRPC streams, "
    "which a timeout would cut while they are healthy",
    LongLived.UPGRADE: "connections are upgraded (HTTP 101): a timeout would cut websockets",
    LongLived.LONG_POLL: "answers are held for {slow:g} s and longer as a habit (long poll or "
    "batch): their length says nothing about health",
    LongLived.HANG_UP: "clients hold answers open for {slow:g} s and longer, then hang up (event "
    "stream): their length says nothing about health",
}


@dataclass(frozen=True)
class Gates:
    """What the gates look at, collected once for all targets."""

    slow_ms: float
    messages: dict[str, float]
    upgraded: dict[str, float]
    unregistered: frozenset[str]
    spoken: frozenset[str]
    called: frozenset[str]

    @classmethod
    def of(cls, snapshot: Snapshot, policy: TimeoutPolicy) -> Gates:
        """Read a snapshot once."""
        edges = edges_with_target(snapshot.edges)
        known = set(edges.loc[edges["registered"], "target"])
        requests = snapshot.requests
        busy = edges["edge"].isin(requests.loc[requests["requests"] > 0, "edge"])
        return cls(
            slow_ms=policy.long_poll_ms,
            messages=messages_per_call(snapshot),
            upgraded=upgraded_share(snapshot),
            unregistered=frozenset(set(edges["target"]) - known),
            spoken=frozenset(edges.loc[edges["speaks"], "target"]),
            called=frozenset(edges.loc[busy, "target"]),
        )


def gate(target: Target, latency: TargetLatency | None, gates: Gates) -> Refusal | None:
    """Why a target gets no timeout; None when nothing speaks against one."""
    path = target.path
    if path in gates.unregistered:
        return Refusal(
            Reason.NOT_A_SERVICE,
            "traffic to a host that the mesh does not know: add a ServiceEntry first",
        )
    if path not in gates.spoken:
        return Refusal(
            Reason.SOURCE_WITHOUT_METRICS,
            "only the server reports: its clients have no sidecar or are not scraped, and a "
            "timeout acts at the client",
        )
    if latency is None and path not in gates.called:
        return Refusal(Reason.TOO_FEW_REQUESTS, "no requests came in this window")
    if latency is None:
        return Refusal(
            Reason.NO_LATENCY,
            "requests are counted but istio_request_duration_milliseconds is absent: is it "
            "dropped by a relabelling or a Telemetry override?",
        )
    return _by_shape(latency, gates)


def _by_shape(latency: TargetLatency, gates: Gates) -> Refusal | None:
    path = latency.target.path
    messages = gates.messages.get(path, 0.0)
    kind = long_lived(latency, gates.slow_ms, messages, gates.upgraded.get(path, 0.0))
    if kind is not None:
        reason = Reason.LONG_POLL if kind == LongLived.LONG_POLL else Reason.STREAM
        words = _WORDS[kind].format(messages=messages, slow=gates.slow_ms / 1000)
        return Refusal(reason, words)
    good, bad = latency.histogram("success").total, latency.histogram("failure").total
    if bad > good:
        return Refusal(
            Reason.MOSTLY_FAILING,
            f"{bad / (good + bad):.0%} of the answers are failures: mend the service first, its "
            "good answers are not typical",
        )
    return None
