"""A connection pool recommendation in lines."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from observe.recommend.policy import Policy
from observe.recommend.pool_model import PoolProtocol, PoolRecommendation
from observe.recommend.reasons import Reason
from observe.report.escape import shorten
from observe.report.format import (
    count_text,
    duration_text,
    interval_text,
    plural,
    rate_text,
    share_text,
    significant,
)
from observe.report.lines import Lines, learned_text, verdict_text
from observe.report.quality import Fact

#: Fields as they are told, the one that bounds requests first.
_FIELDS = (("http2MaxRequests", "request"), ("maxConnections", "connection"))
_PROTOCOLS: Mapping[PoolProtocol, str] = {
    "http1": "HTTP/1.1",
    "http2": "HTTP/2 (gRPC)",
    "tcp": "TCP",
    "unknown": "HTTP, the version is not told",
}


def pool_lines(recommendation: PoolRecommendation, policy: Policy) -> Lines:
    """Everything that is told of a connection pool."""
    test, accepted = recommendation.backtest, policy.connection_pool.accepted_shed
    return Lines(
        now=pool_now(recommendation.current),
        proposed=limits_text(recommendation.proposed),
        action=_action(recommendation),
        effect=_effect(recommendation),
        evidence=_evidence(recommendation, policy),
        predicted=_predicted(recommendation),
        steps=_steps(recommendation, policy),
        backtest=_backtest(recommendation, accepted),
        held=None if test is None else test.fraction_shed_interval[0] <= accepted,
    )


def pool_now(current: Mapping[str, Any] | None) -> str:
    """`9 requests, 12 connections`, `none`, or `not known` when the settings were not given."""
    return "not known" if current is None else limits_text(current)


def limits_text(limits: Mapping[str, Any]) -> str:
    """The limits that bound requests: `20 requests`, `9 requests, 12 connections`, `none`.

    One number stands for both where they are the same. Numbers are exact: they are settings.
    """
    found = [(limits[name], noun) for name, noun in _FIELDS if isinstance(limits.get(name), int)]
    if not found and isinstance(limits.get("http1MaxPendingRequests"), int):
        found = [(limits["http1MaxPendingRequests"], "pending request")]
    if len({number for number, _ in found}) == 1:
        found = found[:1]
    return ", ".join(f"{n:,} {noun}{'' if n == 1 else 's'}" for n, noun in found) or "none"


def _action(recommendation: PoolRecommendation) -> str:
    proposed = limits_text(recommendation.proposed)
    current = recommendation.current or {}
    if recommendation.severity == "ok":
        return f"keep the limit of {limits_text(current)}"
    pairs = [(current.get(name), recommendation.proposed.get(name)) for name, _ in _FIELDS]
    known = [(now, new) for now, new in pairs if isinstance(now, int) and isinstance(new, int)]
    if not known and recommendation.evidence.overflows > 0:
        return f"raise the limit of each proxy to {proposed} at a time"
    if not known:
        return f"limit each proxy to {proposed} at a time"
    verb = "raise" if any(new > now for now, new in known) else "lower"
    return f"{verb} the limit from {limits_text(current)} to {proposed} at a time"


def _effect(recommendation: PoolRecommendation) -> str:
    predicted, evidence = recommendation.predicted, recommendation.evidence
    if recommendation.severity == "ok":
        return "no change needed"
    peak = count_text(predicted.concurrency_p999_per_proxy)
    refused = "no request that was seen"
    if 0 < predicted.fraction_shed < 1e-6:
        refused = "less than one request in a million"
    elif predicted.fraction_shed > 0:
        refused = f"{share_text(predicted.fraction_shed)} of requests"
    if evidence.overflows > 0:
        today = share_text(evidence.overflows / max(evidence.requests, 1e-9))
        refused += f", instead of {today} today"
    return f"refuses {refused}; the peak is {peak} at a time per client proxy"


def _evidence(recommendation: PoolRecommendation, policy: Policy) -> tuple[Fact, ...]:
    evidence = recommendation.evidence
    sure = share_text(policy.connection_pool.interval_confidence)
    client = interval_text(
        evidence.concurrency_client, (evidence.client_low, evidence.client_high), count_text
    )
    facts = [
        Fact("Requests judged", count_text(evidence.requests)),
        Fact("Protocol", _PROTOCOLS[evidence.protocol]),
        Fact("Under way at the neediest client proxy", f"{client}, p99.9, {sure} interval"),
        Fact("Under way at a server", _server(recommendation)),
        Fact("Highest that Envoy's gauge showed", count_text(evidence.gauge_max)),
        Fact("Neediest client", _neediest(recommendation)),
        Fact("Load that retries may add", share_text(evidence.tries - 1)),
        Fact("Refused by a pool in the window", count_text(evidence.overflows)),
        Fact("When the service hangs", _hang(recommendation)),
        Fact("Gets most done with", _knee(recommendation)),
        Fact("Scrapes present", share_text(evidence.coverage)),
    ]
    absent = {"Highest that Envoy's gauge showed"} if evidence.gauge_max is None else set()
    return tuple(fact for fact in facts if fact.value and fact.name not in absent)


def _server(recommendation: PoolRecommendation) -> str:
    evidence = recommendation.evidence
    if evidence.concurrency_server is None:
        return "not known"
    interval = None
    if evidence.server_low is not None and evidence.server_high is not None:
        interval = (evidence.server_low, evidence.server_high)
    servers = f"; {plural(evidence.servers, 'server')}" if evidence.servers else ""
    return interval_text(evidence.concurrency_server, interval, count_text) + servers


def _neediest(recommendation: PoolRecommendation) -> str:
    if not recommendation.evidence.clients:
        return ""
    client = recommendation.evidence.clients[0]
    proxies = "proxies not counted"
    if client.proxies is not None:
        proxies = plural(client.proxies, "proxy", "proxies")
    name = shorten(f"{client.namespace}/{client.workload}")
    return f"{name} ({proxies}, the busiest with {rate_text(client.busiest_rps)})"


def _hang(recommendation: PoolRecommendation) -> str:
    evidence = recommendation.evidence
    if evidence.hang_fills_seconds is None:
        return ""
    limit = recommendation.proposed.get("http2MaxRequests")
    if evidence.hang_holds is not None and isinstance(limit, int) and evidence.hang_holds <= limit:
        return f"{count_text(evidence.hang_holds)} are held per proxy until the timeout: not full"
    full = f"full after {duration_text(1_000 * evidence.hang_fills_seconds)}, the rest fails fast"
    if evidence.hang_holds is None:
        return f"{full}; without a pool requests would pile up without end"
    return f"{full}; without a pool {count_text(evidence.hang_holds)} would be held per proxy"


def _knee(recommendation: PoolRecommendation) -> str:
    knee = recommendation.evidence.knee
    if knee is None:
        return ""
    number = interval_text(knee.concurrency, (knee.low, knee.high), count_text)
    return f"{number} under way per server, by a fit"


def _predicted(recommendation: PoolRecommendation) -> tuple[Fact, ...]:
    predicted, intervals = recommendation.predicted, recommendation.predicted_interval
    return (
        Fact(
            "Under way per proxy (p99.9)",
            interval_text(
                predicted.concurrency_p999_per_proxy,
                intervals.get("concurrencyP999PerProxy"),
                count_text,
            ),
        ),
        Fact(
            "Requests refused",
            interval_text(predicted.fraction_shed, intervals.get("fractionShed"), share_text),
        ),
    )


def _steps(recommendation: PoolRecommendation, policy: Policy) -> tuple[str, ...]:
    evidence, knobs = recommendation.evidence, policy.connection_pool
    reasons, limit = recommendation.reasons, recommendation.proposed.get("http2MaxRequests")
    sides = [(evidence.client_high, evidence.concurrency_client, "a client proxy")]
    if evidence.concurrency_server is not None and evidence.server_high is not None:
        sides.append((evidence.server_high, evidence.concurrency_server, "a server"))
    high, need, side = max(sides, key=lambda each: each[0])
    chance = math.ceil(need + math.sqrt(need))
    steps = [
        f"Little's law, rate × mean duration, in the busiest {share_text(knobs.busiest_share)} of "
        f"the window: at {side} {count_text(need)} requests are under way (p99.9), "
        f"{count_text(high)} by the upper end.",
        f"Room: {knobs.headroom:g} × {count_text(high)} = "
        f"{count_text(math.ceil(knobs.headroom * high))}, and at least need + √need = "
        f"{count_text(chance)}.",
    ]
    steps += [words for code, words in _SHAPED.items() if code in reasons]
    if evidence.tries > 1:
        steps.append(f"Times {significant(evidence.tries, 5)} for what retries may add.")
    if Reason.POOL_LEAST_LIMIT in reasons:
        steps.append(f"No limit is below {count_text(knobs.least_limit)}.")
    if isinstance(limit, int):
        steps.append(f"Rounded up to two digits: http2MaxRequests {limit:,}.")
    if "maxConnections" in recommendation.proposed:
        steps.append(
            "maxConnections: HTTP/1.1 needs a connection for each request, and each of Envoy's "
            f"threads keeps its own for each server: {recommendation.proposed['maxConnections']:,}."
        )
    inbound = recommendation.proposed.get("inboundConnectionPool")
    if isinstance(inbound, Mapping):
        steps.append(f"The servers' own, in their Sidecar: {limits_text(inbound)}.")
    return tuple(steps)


_SHAPED: Mapping[Reason, str] = {
    Reason.POOL_ONE_PROXY_LESS: "Twice the upper end: either of two proxies must carry it all.",
    Reason.POOL_INCIDENT_HELD: "An incident had more under way, and is let through.",
    Reason.POOL_GAUGE_HIGHER: "Envoy's gauge showed more; it counts with √gauge on top.",
    Reason.POOL_TRAFFIC_GROWS: "The growth from one week to the next is allowed for again.",
    Reason.POOL_BEARS_RETRIES_AND_EJECTIONS: (
        "Raised to what is left to the other hosts when some are ejected."
    ),
}


def _backtest(recommendation: PoolRecommendation, accepted: float) -> str:
    test = recommendation.backtest
    if test is None:
        return "No backtest: one part of the window holds too few requests to judge."
    trained, tested = learned_text(test)
    interval = test.fraction_shed_interval
    words = f"the {share_text(accepted)} that is accepted"
    return (
        f"Learned on the first {trained}, the limit would have been {test.limit:,} requests; over "
        f"the {tested} that followed {count_text(test.concurrency_p999_per_proxy)} were under way "
        f"per proxy at the peak, and it would have refused "
        f"{interval_text(test.fraction_shed, interval, share_text)} of requests, "
        f"{verdict_text(*interval, accepted, words)}."
    )
