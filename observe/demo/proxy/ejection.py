"""Outlier detection of one client proxy, as Envoy does it: errors in a row, ejected at once.

Sources: Envoy's architecture overview "Outlier detection", and a measurement on Envoy 1.40: 10 % of
3 hosts ejects nobody, so the host in question counts when the percent is checked.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from observe.demo.proxy.scenario import OutlierDetection

#: Envoy's max_ejection_time (s), which Istio leaves as it is.
MAX_EJECTION_S = 300.0

_GATEWAY = frozenset({"502", "503", "504"})


@dataclass
class _Host:
    errors: int = 0
    gateway_errors: int = 0
    ejected_at: float | None = None
    times: int = 0


@dataclass
class Ejections:
    """The hosts of a service as one proxy sees them.

    Attributes:
        rules: when hosts are ejected; they never are without limits on errors in a row.
        hosts: how many there are.
        overflows: ejections that the percent did not allow.
    """

    rules: OutlierDetection
    hosts: int
    overflows: int = 0
    _states: list[_Host] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._states = [_Host() for _ in range(self.hosts)]

    def usable(self) -> list[int]:
        """Hosts that requests may go to: the healthy ones, or all in a panic."""
        healthy = [i for i, host in enumerate(self._states) if host.ejected_at is None]
        if 100 * len(healthy) < self.rules.min_health_percent * self.hosts:
            return list(range(self.hosts))
        return healthy

    def saw(self, host: int, code: int, now: float) -> bool:
        """A try ended: whether the host is ejected by that.

        Args:
            host: its number.
            code: HTTP status; 503 where the connection failed, 504 where the time was up.
            now: seconds.
        """
        state = self._states[host]
        state.errors = state.errors + 1 if code >= 500 else 0
        state.gateway_errors = state.gateway_errors + 1 if str(code) in _GATEWAY else 0
        for limit, count in (
            (self.rules.consecutive_5xx, state.errors),
            (self.rules.consecutive_gateway, state.gateway_errors),
        ):
            if limit and count >= limit and state.ejected_at is None:
                return self._eject(state, now)
        return False

    def sweep(self, now: float) -> None:
        """What happens every interval: hosts come back whose time is over."""
        for state in self._states:
            if state.ejected_at is None:
                state.times = max(0, state.times - 1)
                continue
            out = min(self.rules.base_ejection_s * state.times, MAX_EJECTION_S)
            if now >= state.ejected_at + out - 1e-9:
                state.ejected_at = None
                state.errors = state.gateway_errors = 0

    def _eject(self, state: _Host, now: float) -> bool:
        out = sum(1 for host in self._states if host.ejected_at is not None)
        allowed = 100 * (out + 1) <= self.rules.max_ejection_percent * self.hosts
        state.errors = state.gateway_errors = 0
        if not allowed and not (self.rules.always_eject_one and out == 0):
            self.overflows += 1
            return False
        state.ejected_at = now
        state.times += 1
        return True
