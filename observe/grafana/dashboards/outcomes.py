"""Kinds of requests as sets of matchers that do not overlap, beside those that alerts use."""

from __future__ import annotations

from observe.bootstrap.alerts.outcome_selectors import FAILED, JUDGED, flagged
from observe.signals.outcomes import FAILURE_FLAGS, INJECTED_FLAGS, TIMEOUT_FLAGS

__all__ = ["FAILURES", "JUDGED", "LOST", "REFUSED", "SUCCESSES", "TIMEOUTS", "with_flag"]

#: Server errors and timeouts, as the alerts count them.
FAILURES = FAILED
_QUIET = flagged(sorted(TIMEOUT_FLAGS | FAILURE_FLAGS | INJECTED_FLAGS | {"DC"}), "!~")

#: Answers that did what was asked; upgraded connections (101) are none, they last as they please.
SUCCESSES = (
    (_QUIET, 'response_code=~"[123]..", response_code!="101"', 'grpc_response_status=~"|0|OK"'),
)
#: Requests that a timeout of the proxy ended.
TIMEOUTS = ((flagged(sorted(TIMEOUT_FLAGS)), flagged(sorted(INJECTED_FLAGS), "!~")),)
#: Cut by a timeout, or given to no host: overflow, no healthy host, no connection.
LOST = (
    (
        flagged(sorted(TIMEOUT_FLAGS | {"UO", "UH", "UF"})),
        flagged(sorted(INJECTED_FLAGS), "!~"),
    ),
)
#: The caller asked for something it should not have: 4xx without a failing flag.
REFUSED = ((_QUIET, 'response_code=~"4.."', 'response_code!="499"'),)


def with_flag(*flags: str) -> tuple[tuple[str, ...], ...]:
    """Requests that carry one of these flags, such as `UO`."""
    return ((flagged(flags),),)
