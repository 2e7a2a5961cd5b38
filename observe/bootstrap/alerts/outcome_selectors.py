"""Label matchers that tell failures from answers, as `observe.signals.outcomes` reads the labels.

PromQL has no function to call, so the order of that reading (flags, then the gRPC status, then the
HTTP code) becomes sets of matchers that exclude one another. A test holds both against each other.
"""

from __future__ import annotations

from collections.abc import Iterable

from observe.signals.outcomes import (
    FAILURE_FLAGS,
    FAILURES,
    INJECTED_FLAGS,
    TIMEOUT_FLAGS,
    Outcome,
    classify,
)
from observe.telemetry.matchers import selector

_FAILED_FLAGS = tuple(sorted(TIMEOUT_FLAGS | FAILURE_FLAGS))
_INJECTED = tuple(sorted(INJECTED_FLAGS))
_GRPC_STATUSES = tuple(map(str, range(17)))


def flagged(flags: Iterable[str], operator: str = "=~") -> str:
    """Matcher of series that carry one of the flags (`!~`: none of them); they are comma-joined."""
    return f'response_flags{operator}"(.*,)?({"|".join(flags)})(,.*)?"'


def _grpc(outcomes: Iterable[Outcome]) -> str:
    wanted = set(outcomes)
    return "|".join(s for s in _GRPC_STATUSES if classify("200", "-", s) in wanted)


_NOT_INJECTED = flagged(_INJECTED, "!~")
_UNDECIDED_BY_FLAGS = (flagged((*_FAILED_FLAGS, *_INJECTED, "DC"), "!~"), 'response_code!="499"')
_BY_FLAGS = (flagged(_FAILED_FLAGS), _NOT_INJECTED)

#: The service's fault: its flags, gRPC statuses that blame the server, HTTP 5xx.
FAILED = (
    _BY_FLAGS,
    (*_UNDECIDED_BY_FLAGS, f'grpc_response_status=~"{_grpc(FAILURES)}"'),
    (*_UNDECIDED_BY_FLAGS, 'grpc_response_status=""', 'response_code=~"5.."'),
)
#: Answers, refusals of a bad request among them: their durations are latencies.
ANSWERED = (
    (
        *_UNDECIDED_BY_FLAGS,
        f'grpc_response_status=~"{_grpc((Outcome.SUCCESS, Outcome.CLIENT_ERROR))}"',
    ),
    (*_UNDECIDED_BY_FLAGS, 'grpc_response_status=""', 'response_code=~"[234].."'),
)
#: What the objectives speak of. An upgraded connection, an injected fault and a client that hung
#: up say nothing about the service, neither good nor bad.
JUDGED = (*FAILED, *ANSWERED)


def any_of(metric: str, kinds: Iterable[tuple[str, ...]], *more: str) -> str:
    """The series of `metric` of any of these kinds, which exclude one another."""
    return "\n    or ".join(selector(metric, (*kind, *more)) for kind in kinds)
