"""Timeouts and retries of one route, against one another."""

from __future__ import annotations

import math
from collections.abc import Iterator

from observe.durations import in_words
from observe.export.retries import Retries, longest_backoff_ms
from observe.lint.model import Finding, Rule
from observe.lint.routes import REPEATABLE, Route, routes_of
from observe.lint.world import World, full_host

PER_TRY_NOT_BELOW_TIMEOUT = Rule(
    "PER_TRY_NOT_BELOW_TIMEOUT", "warning", "perTryTimeout reaches the timeout and is ignored"
)
TRIES_EXCEED_TIMEOUT = Rule(
    "TRIES_EXCEED_TIMEOUT", "warning", "the tries do not fit into the timeout"
)
DEFAULT_RETRIES_SHARE_TIMEOUT = Rule(
    "DEFAULT_RETRIES_SHARE_TIMEOUT", "info", "a timeout with the retries that Istio adds unasked"
)
PER_TRY_WITHOUT_TIMEOUT = Rule(
    "PER_TRY_WITHOUT_TIMEOUT", "info", "perTryTimeout alone bounds the whole request"
)
TOO_MANY_TRIES = Rule("TOO_MANY_TRIES", "warning", "more than four tries for one request")
RETRY_ON_UNSAFE = Rule(
    "RETRY_ON_UNSAFE", "warning", "requests are repeated that the service may have carried out"
)
RETRY_ON_OVERLOAD = Rule(
    "RETRY_ON_OVERLOAD", "warning", "what is retried says that there is too much load"
)
FAULT_LEFT_OVER = Rule("FAULT_LEFT_OVER", "warning", "faults are injected")

RULES = (
    PER_TRY_NOT_BELOW_TIMEOUT,
    TRIES_EXCEED_TIMEOUT,
    DEFAULT_RETRIES_SHARE_TIMEOUT,
    PER_TRY_WITHOUT_TIMEOUT,
    TOO_MANY_TRIES,
    RETRY_ON_UNSAFE,
    RETRY_ON_OVERLOAD,
    FAULT_LEFT_OVER,
)

#: The most tries along a path that are thought bearable (docs/lint.md#amplification).
MOST_TRIES = 4

#: Conditions that also hold when the service has done its work, or part of it.
_AFTER_THE_WORK = frozenset(
    {"5xx", "gateway-error", "reset", "retriable-4xx", "retriable-headers", "internal"}
    | {"deadline-exceeded"}
)
_OVERLOAD = frozenset({"429", "resource-exhausted", "envoy-ratelimited"})


def check_tries(world: World) -> Iterator[Finding]:
    """Every route of every VirtualService, a delegate's with what it takes from its root."""
    taken: set[int] = set()
    routes: list[Route] = []
    for item in world.virtual_services:
        if item.spec.get("hosts"):
            found = routes_of(item, world.delegates)
            taken |= {id(route.holder) for route in found}
            routes += found
    for item in world.virtual_services:
        if id(item) not in taken:  # a delegate whose root is not at hand
            routes += routes_of(item, {})
    for route in routes:
        if route.destination_hosts:
            yield from _times(route, world)
            yield from _conditions(route)
        yield from _faults(route)


def _times(route: Route, world: World) -> Iterator[Finding]:
    retries, timeout = route.retries, route.timeout_ms
    if retries is None:
        if timeout is not None and world.default_attempts > 0:
            yield _default_retries(route, timeout, world.default_attempts)
        return
    hosts = [full_host(host, route.holder) for host in route.destination_hosts]
    if retries.attempts + 1 > MOST_TRIES and any(world.budget_for(host) is None for host in hosts):
        item, path = route.retries_at
        yield TOO_MANY_TRIES.at(
            item,
            (*path, "attempts"),
            f"attempts {retries.attempts} makes up to {retries.attempts + 1} tries of one request "
            f"to {_hosts(route)}: a service that fails gets {retries.attempts + 1} times its load",
            f"Set attempts to {MOST_TRIES - 1} or less, or bound retries by a retryBudget.",
        )
    per_try = retries.per_try_ms
    if retries.attempts == 0 or per_try is None:
        return
    if timeout is None:
        yield _no_timeout(route, retries, per_try)
    elif per_try >= timeout:
        yield _ignored(route, retries, per_try, timeout)
    else:
        yield from _fit(route, retries, per_try, timeout)


def _default_retries(route: Route, timeout: float, attempts: int) -> Finding:
    item, path = route.timeout_at
    return DEFAULT_RETRIES_SHARE_TIMEOUT.at(
        item,
        path,
        f"no retries are set beside the timeout of {in_words(timeout)}, so Istio's default of "
        f"{attempts} retries applies: up to {attempts + 1} tries share the timeout",
        "Say what is meant: retries.attempts 0, or attempts with a perTryTimeout.",
    )


def _no_timeout(route: Route, retries: Retries, per_try: float) -> Finding:
    item, path = route.retries_at
    whole = (retries.attempts + 1) * per_try + _pauses(retries)
    return PER_TRY_WITHOUT_TIMEOUT.at(
        item,
        (*path, "perTryTimeout"),
        f"no timeout is set: every try is cut at {in_words(per_try)}, and the caller may wait "
        f"{in_words(round(whole))} for {retries.attempts + 1} tries",
        "Set a timeout that the caller can bear.",
    )


def _ignored(route: Route, retries: Retries, per_try: float, timeout: float) -> Finding:
    item, path = route.retries_at
    tries = retries.attempts + 1
    return PER_TRY_NOT_BELOW_TIMEOUT.at(
        item,
        (*path, "perTryTimeout"),
        f"perTryTimeout {in_words(per_try)} is not below the timeout {in_words(timeout)}, so Envoy "
        f"ignores it: one slow try uses up the time of all {tries} "
        f"({tries} x {in_words(per_try)} = {in_words(tries * per_try)})",
        _remedy(retries, per_try, timeout),
    )


def _fit(route: Route, retries: Retries, per_try: float, timeout: float) -> Iterator[Finding]:
    item, path = route.retries_at
    tries, pauses = retries.attempts + 1, _pauses(retries)
    needed = tries * per_try + pauses
    if needed <= timeout:
        return
    whole = math.floor(timeout / per_try)
    surely = tries * per_try > timeout
    yield TRIES_EXCEED_TIMEOUT.at(
        item,
        (*path, "perTryTimeout"),
        f"{tries} tries of {in_words(per_try)} and up to {in_words(round(pauses))} of back-off "
        f"need {in_words(math.ceil(needed))}, and the timeout is {in_words(timeout)}: "
        + (f"{whole} slow tries fit" if surely else "the last slow try is cut short"),
        _remedy(retries, per_try, timeout),
        None if surely else "info",
    )


def _remedy(retries: Retries, per_try: float, timeout: float) -> str:
    """Both ways out, with the numbers."""
    tries, pauses = retries.attempts + 1, _pauses(retries)
    longer = f"raise timeout to {in_words(math.ceil(tries * per_try + pauses))}"
    room = math.floor((timeout - pauses) / tries)
    shorter = f"Lower perTryTimeout to {in_words(room)} or less" if room >= 1 else ""
    return f"{shorter}, or {longer}." if shorter else f"{longer.capitalize()}."


def _conditions(route: Route) -> Iterator[Finding]:
    retries = route.retries
    if retries is None or retries.attempts == 0:
        return
    item, path = route.retries_at
    at = (*path, "retryOn")
    unsafe = [token for token in retries.retry_on if _unsafe(token)]
    if unsafe and not (route.methods is not None and route.methods <= REPEATABLE):
        which = "any method" if route.methods is None else ", ".join(sorted(route.methods))
        yield RETRY_ON_UNSAFE.at(
            item,
            at,
            f"{route.title} takes {which} and retries on {', '.join(unsafe)}, which also happens "
            "after the service has done the work: a POST may be carried out "
            f"{retries.attempts + 1} times",
            "Retry on connect-failure,refused-stream,reset-before-request,unavailable, or match "
            "the methods that may be repeated in a route of their own.",
        )
    overload = [token for token in retries.retry_on if token in _OVERLOAD]
    if overload:
        yield RETRY_ON_OVERLOAD.at(
            item,
            at,
            f"{route.title} retries on {', '.join(overload)} up to {retries.attempts} times: the "
            "service asked for less load and gets more",
            f"Remove {', '.join(overload)} from retryOn.",
        )


def _unsafe(token: str) -> bool:
    code = int(token) if token.isascii() and token.isdecimal() else 0
    return token in _AFTER_THE_WORK or (code > 0 and code != 429)


def _faults(route: Route) -> Iterator[Finding]:
    for kind, fault in sorted(route.data.get("fault", {}).items()):
        share = fault.get("percentage", {}).get("value", fault.get("percent", 100))
        if share <= 0:
            continue
        what = f"delayed by {fault.get('fixedDelay', '?')}" if kind == "delay" else "aborted"
        yield FAULT_LEFT_OVER.at(
            route.holder,
            (*route.path, "fault", kind),
            f"{route.title} has {share:g} % of its requests {what} on purpose",
            "Remove fault when the experiment is over.",
            "critical" if share >= 100 and route.catches_all and kind == "abort" else None,
        )


def _pauses(retries: Retries) -> float:
    return longest_backoff_ms(retries.attempts, retries.backoff_ms)


def _hosts(route: Route) -> str:
    return ", ".join(dict.fromkeys(route.destination_hosts))
