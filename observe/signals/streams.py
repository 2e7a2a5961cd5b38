"""Streams, websockets and long polls: answers whose length says nothing about health."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import pandas as pd

from observe.signals.latency import GROUPS, TargetLatency
from observe.signals.outcomes import Outcome, outcome_of
from observe.signals.targets import edges_with_target
from observe.stats.histogram import Histogram, merge
from observe.telemetry.snapshot import Snapshot

#: A unary call carries one message each way; more than this on average is a stream.
MESSAGES_PER_CALL = 1.5
#: Share of upgraded (HTTP 101) answers that makes a target a websocket.
UPGRADED_SHARE = 0.01
#: Share of slow answers that makes a target a long poll when nothing lies between fast and slow.
SLOW_SHARE = 0.005
#: Share of requests that clients hang up on so late that no answer was to be expected any more.
HANG_UP_SHARE = 0.05
#: Share of requests whose answer was still running so late, when the client left: an event stream.
LEFT_SHARE = 0.001


class LongLived(StrEnum):
    """Why a target's durations are no latencies."""

    GRPC_STREAM = "grpc_stream"
    UPGRADE = "upgrade"
    LONG_POLL = "long_poll"
    HANG_UP = "hang_up"


def messages_per_call(snapshot: Snapshot) -> dict[str, float]:
    """gRPC messages per call in the busier direction, by target path."""
    edges = edges_with_target(snapshot.edges)
    messages = snapshot.messages.merge(edges.loc[edges["speaks"], ["edge", "target"]], on="edge")
    calls = snapshot.requests.groupby("edge")["requests"].sum().rename("calls")
    rows = messages.merge(calls, left_on="edge", right_index=True)
    totals = rows.groupby("target")[["request_messages", "response_messages", "calls"]].sum()
    totals = totals[totals["calls"] > 0]
    busier = totals[["request_messages", "response_messages"]].max(axis=1) / totals["calls"]
    return {str(path): float(value) for path, value in busier.items()}


def upgraded_share(snapshot: Snapshot) -> dict[str, float]:
    """Share of requests that were upgraded to another protocol (HTTP 101), by target path."""
    edges = edges_with_target(snapshot.edges)
    rows = snapshot.requests.merge(edges.loc[edges["speaks"], ["edge", "target"]], on="edge")
    upgraded = rows["requests"].where(outcome_of(rows) == Outcome.STREAM.value, 0.0)
    totals = pd.DataFrame({"all": rows["requests"], "up": upgraded}).groupby(rows["target"]).sum()
    return {str(path): float(up / total) for path, total, up in totals.itertuples() if total > 0}


def long_lived(
    latency: TargetLatency, slow_ms: float, messages: float = 0.0, upgraded: float = 0.0
) -> LongLived | None:
    """Whether a target streams, upgrades or holds requests open, and how that shows.

    Args:
        latency: the target's durations.
        slow_ms: answers slower than this as a habit are held open on purpose.
        messages: gRPC messages per call (0 when unknown).
        upgraded: share of upgraded requests.
    """
    if messages > MESSAGES_PER_CALL:
        return LongLived.GRPC_STREAM
    if upgraded >= UPGRADED_SHARE:
        return LongLived.UPGRADE
    success, gone = latency.histogram("success"), latency.histogram("gone")
    everything = merge([latency.histogram(group) for group in GROUPS])
    slow_gone = _share_beyond(gone, slow_ms) * gone.total
    left = latency.histogram("left")
    slow_left = _share_beyond(left, slow_ms) * left.total
    if everything.total > 0 and (
        (slow_gone + slow_left) / everything.total >= HANG_UP_SHARE
        or slow_left / everything.total >= LEFT_SHARE
    ):
        return LongLived.HANG_UP
    if _mostly_slow(success, slow_ms) or _slow_mode(success, slow_ms):
        return LongLived.LONG_POLL
    return None


def _share_beyond(h: Histogram, limit_ms: float) -> float:
    """Share of requests in buckets that lie wholly beyond the limit."""
    if h.total <= 0:
        return 0.0
    lower = np.concatenate(([0.0], h.bounds[:-1]))
    return float(h.counts[lower >= limit_ms].sum() / h.total)


def _mostly_slow(h: Histogram, slow_ms: float) -> bool:
    return _share_beyond(h, slow_ms) >= 0.5


def _slow_mode(h: Histogram, slow_ms: float) -> bool:
    """A second group of answers beyond the limit, apart from the rest.

    A held request ends when something happens or at the poll's own deadline, so that its
    duration has a mode of its own; a heavy tail only ever falls. The buckets beyond the limit
    must hold a material share, and one of them more than the bucket before it.
    """
    if _share_beyond(h, slow_ms) < SLOW_SHARE:
        return False
    lower = np.concatenate(([0.0], h.bounds[:-1]))
    beyond = np.flatnonzero(lower >= slow_ms)
    before = h.counts[beyond - 1]
    return bool(np.any((h.counts[beyond] > before) & (h.counts[beyond] > SLOW_SHARE * h.total)))
