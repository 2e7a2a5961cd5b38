"""Reason codes: short, stable names for why a number was proposed, changed or withheld.

`docs/reasons.md` lists each with its meaning; a test holds the two together.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why. The value is what stands in `recommendations.json`."""

    # a timeout is proposed
    TIMEOUT_NONE_SET = "TIMEOUT_NONE_SET"
    TIMEOUT_TOO_TIGHT = "TIMEOUT_TOO_TIGHT"
    TIMEOUT_TOO_LOOSE = "TIMEOUT_TOO_LOOSE"
    TIMEOUT_FITS = "TIMEOUT_FITS"
    TIMEOUT_UNKNOWN = "TIMEOUT_UNKNOWN"
    # what shaped it
    CALLER_SLOWER = "CALLER_SLOWER"
    CALLER_RAISED_TO_CALLEE = "CALLER_RAISED_TO_CALLEE"
    NARROW_SPREAD_PADDED = "NARROW_SPREAD_PADDED"
    MINIMUM_APPLIED = "MINIMUM_APPLIED"
    INCIDENT_EXCLUDED = "INCIDENT_EXCLUDED"
    WAYPOINT_STANDS_IN = "WAYPOINT_STANDS_IN"
    SEVERAL_ROUTES = "SEVERAL_ROUTES"
    GATEWAY_CALLS = "GATEWAY_CALLS"
    # what lowers the confidence
    SHORT_WINDOW = "SHORT_WINDOW"
    FEW_REQUESTS = "FEW_REQUESTS"
    LOW_COVERAGE = "LOW_COVERAGE"
    WIDE_INTERVAL = "WIDE_INTERVAL"
    BURSTY_TAIL = "BURSTY_TAIL"
    CLIENTS_HANG_UP = "CLIENTS_HANG_UP"
    CALLER_CUT = "CALLER_CUT"
    BACKTEST_OVER_BUDGET = "BACKTEST_OVER_BUDGET"
    PARTIAL_ANSWER = "PARTIAL_ANSWER"
    # a timeout is withheld
    TOO_FEW_REQUESTS = "TOO_FEW_REQUESTS"
    CENSORED_TAIL = "CENSORED_TAIL"
    STREAM = "STREAM"
    LONG_POLL = "LONG_POLL"
    TAIL_BEYOND_BUCKETS = "TAIL_BEYOND_BUCKETS"
    SOURCE_WITHOUT_METRICS = "SOURCE_WITHOUT_METRICS"
    NO_LATENCY = "NO_LATENCY"
    MOSTLY_FAILING = "MOSTLY_FAILING"
    NOT_A_SERVICE = "NOT_A_SERVICE"
