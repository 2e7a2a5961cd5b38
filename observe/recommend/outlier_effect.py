"""What ejection does to a host that fails: how soon it is out, how many errors that saves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from observe.signals.host_episodes import Episode
from observe.stats.runs import mean_wait

#: Each ejection of a host lasts `baseEjectionTime` longer than the one before, up to this
#: (Envoy's max_ejection_time, which Istio leaves at its default).
LONGEST_EJECTION = 300.0
#: Istio's default, which stands where no host was seen to fail.
DEFAULT_BASE = 30.0
_BASES = (30.0, 60.0, 120.0, 180.0, 300.0)
#: A shorter ejection is taken when it lets through at most this part of the errors more.
_TOLERATED = 0.05
INTERVAL = 10.0


@dataclass(frozen=True)
class Settings:
    """Thresholds and times.

    Attributes:
        errors: errors in a row, 0 for off.
        gateway: gateway errors in a row, 0 for off.
        base: `baseEjectionTime` in seconds.
        interval: `interval` in seconds.
    """

    errors: int
    gateway: int
    base: float = DEFAULT_BASE
    interval: float = INTERVAL


def requests_to_eject(settings: Settings, share: float, gateway_share: float) -> float:
    """Requests that one proxy sends to a host before it ejects it; inf when it never does.

    Args:
        settings: what is set.
        share: share of the host's answers that are errors.
        gateway_share: share of them that are 502, 503 or 504.
    """
    waits = [
        float(mean_wait(k, part))
        for k, part in ((settings.errors, share), (settings.gateway, gateway_share))
        if k > 0
    ]
    return min(waits, default=float("inf"))


def part_avoided(seconds: float, to_eject: float, settings: Settings) -> float:
    """Part of a failure during which the host is ejected, from the view of one proxy.

    After each ejection the host comes back (at the next sweep, `interval` / 2 later on average),
    fails again and is ejected for longer.

    Args:
        seconds: length of the failure.
        to_eject: seconds that the errors in a row take to come together.
        settings: what is set.
    """
    at, exposed, times = 0.0, 0.0, 0
    while at < seconds:
        step = min(to_eject, seconds - at)
        exposed += step
        at += to_eject
        if at >= seconds:
            break
        times += 1
        at += min(times * settings.base, LONGEST_EJECTION) + settings.interval / 2
    return 1.0 - exposed / seconds


def errors_avoided(
    episodes: tuple[Episode, ...], settings: Settings, step_seconds: int, proxies: float
) -> tuple[float, tuple[float, float]] | None:
    """Part of the errors of failing hosts that ejection would have kept from the clients.

    Args:
        episodes: the failures that were seen.
        settings: what is set.
        step_seconds: length of a fine step.
        proxies: client proxies that share a host's requests.

    Returns:
        The part, and what it is for the failure with the least at half of the rate, and for the
        one with the most at twice the rate (proxies do not share the requests evenly); None when
        there was none.
    """
    if not episodes:
        return None
    parts: list[float] = []
    least: list[float] = []
    most: list[float] = []
    for episode in episodes:
        seconds = episode.steps * step_seconds
        wait = requests_to_eject(
            settings, episode.errors / episode.requests, episode.gateway / episode.requests
        )
        rate = episode.requests / seconds / max(proxies, 1.0)
        for times, into in ((0.5, least), (1.0, parts), (2.0, most)):
            into.append(part_avoided(seconds, wait / (times * rate), settings))
    weights = [episode.errors for episode in episodes]
    return float(np.average(parts, weights=weights)), (min(least), max(most))


def base_ejection_time(
    episodes: tuple[Episode, ...], settings: Settings, step_seconds: int, proxies: float
) -> float:
    """The shortest ejection (s) that avoids about as many errors as the longest would.

    A short one brings a host back soon that is well again; each return costs as many errors as
    it takes to eject it.
    """
    if not episodes:
        return DEFAULT_BASE

    def avoided(base: float) -> float:
        tried = Settings(settings.errors, settings.gateway, base, settings.interval)
        found = errors_avoided(episodes, tried, step_seconds, proxies)
        return found[0] if found else 0.0

    values = {base: avoided(base) for base in _BASES}
    enough = max(values.values()) - _TOLERATED
    return next(base for base in _BASES if values[base] >= enough)
