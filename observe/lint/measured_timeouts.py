"""Timeouts that are set against the durations that were measured."""

from __future__ import annotations

import math
from collections.abc import Iterator

from observe.durations import in_words, parse_ms
from observe.lint.model import Finding, Rule, Severity
from observe.lint.routes import Route
from observe.lint.telemetry import Telemetry
from observe.lint.world import World
from observe.recommend.model import Withheld
from observe.recommend.policy import Policy
from observe.recommend.reasons import Reason
from observe.recommend.timeout_estimate import quantile_name
from observe.recommend.timeout_model import TimeoutEvidence, TimeoutRecommendation
from observe.target import Target

TIMEOUT_BELOW_TAIL = Rule(
    "TIMEOUT_BELOW_TAIL", "critical", "a timeout below the slowest good answers cuts them"
)
TIMEOUT_CUTS = Rule(
    "TIMEOUT_CUTS", "critical", "a timeout cuts so much that what it cuts cannot be seen"
)
TIMEOUT_ON_STREAM = Rule(
    "TIMEOUT_ON_STREAM", "critical", "a timeout on calls that are held open on purpose"
)
TIMEOUT_LOOSE = Rule("TIMEOUT_LOOSE", "info", "a timeout that nobody ever gets near")
TIMEOUT_MISSING = Rule("TIMEOUT_MISSING", "info", "no timeout where one can be recommended")
PER_TRY_BELOW_TAIL = Rule(
    "PER_TRY_BELOW_TAIL", "warning", "perTryTimeout cuts good answers and repeats the request"
)

RULES = (
    TIMEOUT_BELOW_TAIL,
    TIMEOUT_CUTS,
    TIMEOUT_ON_STREAM,
    TIMEOUT_LOOSE,
    TIMEOUT_MISSING,
    PER_TRY_BELOW_TAIL,
)

_LOOSE = Policy().timeout.loose_factor


def check_timeouts(world: World, telemetry: Telemetry, targets: list[Target]) -> Iterator[Finding]:
    """The timeouts of the targets whose clients use these objects."""
    for target in targets:
        routes = world.routes_to(target.service or "")
        advised = telemetry.timeouts.get(target.path)
        withheld = telemetry.withheld.get(target.path)
        differ = len({route.timeout_ms for route in routes}) > 1
        for route in routes:
            if advised is not None:
                yield from _against(route, advised, differ)
            elif withheld is not None and route.timeout_ms is not None:
                yield from _withheld(route, route.timeout_ms, target, withheld)


def _against(route: Route, advised: TimeoutRecommendation, differ: bool) -> Iterator[Finding]:
    item, path = route.timeout_at
    timeout, evidence = route.timeout_ms, advised.evidence
    proposed = str(advised.proposed["timeout"])
    host, name = advised.target.path, quantile_name(evidence.quantile)
    tail = (
        f"the {name} of {host}, {in_words(round(evidence.estimate_ms))} "
        f"({in_words(round(evidence.low_ms))} to {in_words(round(evidence.high_ms))}, "
        f"{evidence.busy_requests:,.0f} requests in the busiest hours)"
    )
    if timeout is None:
        yield TIMEOUT_MISSING.at(
            item,
            path,
            f"{route.title} has no timeout: a call to {host} that hangs holds its caller for ever",
            f"Set timeout to {proposed}.",
        )
    elif timeout < evidence.estimate_ms:
        surely = timeout < evidence.low_ms
        severity: Severity = "critical" if surely and not differ else "warning"
        yield TIMEOUT_BELOW_TAIL.at(
            item,
            path,
            f"the timeout {in_words(timeout)} is below {tail}: it cuts good answers",
            f"Raise it to {proposed}, or make the service faster.",
            severity,
        )
    elif timeout > _LOOSE * parse_ms(proposed):
        yield TIMEOUT_LOOSE.at(
            item,
            path,
            f"the timeout {in_words(timeout)} is {timeout / parse_ms(proposed):.0f} times what is "
            f"needed; {tail}",
            f"Lower it towards {proposed}: a hung call holds its caller that long.",
        )
    yield from _per_try(route, evidence, tail)


def _per_try(route: Route, evidence: TimeoutEvidence, tail: str) -> Iterator[Finding]:
    retries = route.retries
    if retries is None or retries.attempts == 0 or retries.per_try_ms is None:
        return
    per_try, holds = retries.per_try_ms, route.timeout_ms or math.inf
    if per_try < min(evidence.low_ms, holds):
        item, path = route.retries_at
        yield PER_TRY_BELOW_TAIL.at(
            item,
            (*path, "perTryTimeout"),
            f"perTryTimeout {in_words(per_try)} is below {tail}: good answers are thrown away and "
            f"asked for again, up to {retries.attempts} times",
            f"Raise it to {in_words(math.ceil(evidence.high_ms))} or more.",
        )


def _withheld(
    route: Route, timeout: float, target: Target, withheld: Withheld
) -> Iterator[Finding]:
    """A timeout on a target for which none can be recommended."""
    item, path = route.timeout_at
    have = f"the timeout {in_words(timeout)} of {target.path}"
    why = withheld.message.partition(". ")[0]
    if withheld.reason == Reason.CENSORED_TAIL.value:
        yield TIMEOUT_CUTS.at(
            item,
            path,
            f"{have}: {why}",
            f"Raise it to {in_words(2 * timeout)} for a week, then look again.",
        )
    elif withheld.reason in (Reason.STREAM.value, Reason.LONG_POLL.value):
        yield TIMEOUT_ON_STREAM.at(
            item,
            path,
            f"{have} ends calls that are meant to stay open: {why}",
            "Leave timeout out for these calls, in a route of their own if need be.",
        )
