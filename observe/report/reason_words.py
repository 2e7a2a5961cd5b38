"""Reason codes and response flags in words."""

from __future__ import annotations

from dataclasses import dataclass

from observe.recommend.reasons import Reason
from observe.report.reason_words_outliers import OUTLIER_WORDS
from observe.report.reason_words_pools import POOL_WORDS
from observe.report.reason_words_retries import RETRY_WORDS


@dataclass(frozen=True)
class ReasonWords:
    """A reason code for a person.

    Attributes:
        meaning: what it says, as a clause without a full stop.
        advice: what to do about it, as a sentence; empty when there is nothing to do.
    """

    meaning: str
    advice: str = ""


_WORDS: dict[Reason, ReasonWords] = {
    Reason.TIMEOUT_NONE_SET: ReasonWords(
        "no timeout is set: a call that hangs holds its caller until something else gives up"
    ),
    Reason.TIMEOUT_TOO_TIGHT: ReasonWords("the timeout that is set cuts good answers"),
    Reason.TIMEOUT_TOO_LOOSE: ReasonWords(
        "the timeout that is set is far longer than good answers need"
    ),
    Reason.TIMEOUT_FITS: ReasonWords("the timeout that is set fits", "Nothing to do."),
    Reason.TIMEOUT_UNKNOWN: ReasonWords(
        "what is set is not known: the VirtualServices were not given, or none of them sets the "
        "timeout that cuts requests",
        "Give the VirtualServices with --current; a header or deadline of the clients may cut too.",
    ),
    Reason.CALLER_SLOWER: ReasonWords(
        "one caller sees clearly slower answers than the others; the timeout leaves room for it"
    ),
    Reason.CALLER_RAISED_TO_CALLEE: ReasonWords(
        "raised so that it waits at least as long as the slowest service it calls"
    ),
    Reason.NARROW_SPREAD_PADDED: ReasonWords(
        "the slowest answers are hardly slower than the typical one; padded, because a small "
        "slowdown would cut them all"
    ),
    Reason.MINIMUM_APPLIED: ReasonWords("raised to the shortest timeout that the policy allows"),
    Reason.INCIDENT_EXCLUDED: ReasonWords(
        "an incident was left out, so that it does not count as normal",
        "Check that the hours marked in the chart were an incident.",
    ),
    Reason.WAYPOINT_STANDS_IN: ReasonWords(
        "measured at the waypoint, because the clients' side does not report"
    ),
    Reason.SEVERAL_ROUTES: ReasonWords(
        "the routes of the host carry different timeouts; the shortest is compared",
        "Look at the routes one by one before changing them.",
    ),
    Reason.GATEWAY_CALLS: ReasonWords(
        "a gateway calls the host, and an exported VirtualService acts on sidecars only",
        "Set the timeout in the VirtualService that is bound to the gateway as well.",
    ),
    Reason.TOO_MANY_TRIES_ON_PATH: ReasonWords(
        "retries along a path of calls would multiply beyond the bound of the policy; those that "
        "cure least were given up",
    ),
    Reason.RETRIES_AT_ANOTHER_LAYER: ReasonWords(
        "the failures come from services that it calls, and are retried there"
    ),
    Reason.RETRIES_IN_A_CYCLE: ReasonWords(
        "the service is called by services that it calls: retries could set off retries without "
        "end",
        "Check whether the calls really go round; separate hosts for separate jobs tell them "
        "apart.",
    ),
    Reason.TRIES_BEYOND_TIMEOUT: ReasonWords(
        "all tries together did not fit into the timeout of the route"
    ),
    Reason.POOL_BEARS_RETRIES_AND_EJECTIONS: ReasonWords(
        "raised to let through the retries of the worst hour and the load of ejected hosts"
    ),
    Reason.SHORT_WINDOW: ReasonWords(
        "the target was seen for less than a week, so weekly peaks may be missing",
        "Report again when a week has been recorded.",
    ),
    Reason.FEW_REQUESTS: ReasonWords(
        "few requests lie beyond the quantile", "A longer window makes it surer."
    ),
    Reason.LOW_COVERAGE: ReasonWords(
        "scrapes are missing, so part of the traffic was not seen",
        "Mend the scraping of these pods.",
    ),
    Reason.WIDE_INTERVAL: ReasonWords("the interval around the quantile is wide"),
    Reason.BURSTY_TAIL: ReasonWords(
        "slow answers come in bursts: some hours are far worse than others",
        "Look at the hours in the chart where the p99.9 jumps.",
    ),
    Reason.BACKTEST_OVER_BUDGET: ReasonWords(
        "learned on the first part of the window, it would have cut more than accepted in the rest",
        "Wait for another week, or take a longer timeout.",
    ),
    Reason.CLIENTS_HANG_UP: ReasonWords(
        "clients hang up on slow answers more often than the timeout may cut them",
        "Look at the timeouts inside the clients.",
    ),
    Reason.CALLER_CUT: ReasonWords(
        "a caller with few requests would lose many of them, although all together are in budget",
        "Look at the callers under evidence; give that one a route or a timeout of its own.",
    ),
    Reason.PARTIAL_ANSWER: ReasonWords(
        "Prometheus answered only part of the questions", "See what is missing under data quality."
    ),
    Reason.TOO_FEW_REQUESTS: ReasonWords(
        "too few requests to tell",
        "Use a longer window, or choose this setting by hand.",
    ),
    Reason.CENSORED_TAIL: ReasonWords(
        "a timeout that is in force already cuts the tail",
        "Raise what cuts them for a week, then report again.",
    ),
    Reason.STREAM: ReasonWords(
        "streams are held open on purpose: what holds for a request does not hold for them",
        "Leave it without a request timeout; limit idle time instead.",
    ),
    Reason.LONG_POLL: ReasonWords(
        "answers are held open on purpose",
        "Leave it alone, or set a timeout above the longest poll by hand.",
    ),
    Reason.TAIL_BEYOND_BUCKETS: ReasonWords(
        "the tail lies beyond the last bucket of the histogram",
        "Add larger buckets (the annotation sidecar.istio.io/statsHistogramBuckets).",
    ),
    Reason.SOURCE_WITHOUT_METRICS: ReasonWords(
        "the clients' side does not report",
        "Scrape the clients, and give them a sidecar or a waypoint.",
    ),
    Reason.NO_LATENCY: ReasonWords(
        "no durations were recorded",
        "Check that istio_request_duration_milliseconds is scraped and kept.",
    ),
    Reason.MOSTLY_FAILING: ReasonWords(
        "most answers are failures, so good answers say little", "Mend the service first."
    ),
    Reason.NOT_A_SERVICE: ReasonWords(
        "the mesh does not know the host", "Add a ServiceEntry if it should be tuned."
    ),
}
for _kind in (OUTLIER_WORDS, POOL_WORDS, RETRY_WORDS):
    _WORDS.update({code: ReasonWords(*words) for code, words in _kind.items()})


def reason_words(code: str) -> ReasonWords:
    """Words for a code; a code of another version stands for itself."""
    try:
        return _WORDS[Reason(code)]
    except (KeyError, ValueError):
        return ReasonWords(code.replace("_", " ").lower())


#: Envoy's response flags. Source: Envoy documentation, access logging, %RESPONSE_FLAGS%.
FLAG_WORDS: dict[str, str] = {
    "DC": "the client hung up",
    "DF": "DNS resolution failed",
    "DI": "delay injected as a test",
    "DO": "dropped by the drop-overload setting",
    "DPE": "the client broke the protocol",
    "DT": "the connection reached its longest duration",
    "FI": "abort injected as a test",
    "IH": "a header was refused",
    "LH": "the local health check failed",
    "LR": "reset by the local proxy",
    "NC": "the cluster is unknown",
    "NFCF": "filter configuration missing",
    "NR": "no route",
    "OM": "the proxy was overloaded",
    "RL": "rate limited",
    "RLSE": "the rate limit service failed",
    "SI": "the stream was idle too long",
    "UAEX": "refused by external authorization",
    "UC": "the server closed the connection",
    "UF": "no connection to the server",
    "UH": "no healthy host",
    "UMSDR": "the request reached its longest duration",
    "UO": "circuit breaker open",
    "UPE": "the server broke the protocol",
    "UR": "the server reset the request",
    "URX": "retries or connection attempts used up",
    "UT": "timeout",
}
