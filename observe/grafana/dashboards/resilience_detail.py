"""Folded rows of resilience: what Envoy counts for each upstream cluster."""

from __future__ import annotations

from observe.grafana.dashboards import queries as q
from observe.grafana.dashboards.board import Line, Section
from observe.grafana.dashboards.edge import AMPLIFIED, EDGE, NAMES, SCOPE
from observe.grafana.dashboards.infra import envoy
from observe.grafana.dashboards.outcomes import with_flag
from observe.grafana.dashboards.panels import (
    GREEN,
    RED,
    Query,
    series,
    states,
)
from observe.grafana.dashboards.promql import CLIENT, SERVER, total
from observe.grafana.dashboards.variables import CLUSTER
from observe.telemetry.catalogue import REQUESTS

SEEN, SERVED = CLIENT.within(*SCOPE), SERVER.within(*SCOPE)
#: Envoy names an upstream cluster `outbound|PORT|SUBSET|HOST`.
UPSTREAM = f'{CLUSTER}, cluster_name=~"outbound\\\\|.*\\\\|($service)"'
STATISTICS_OFF = (
    "No lines: Envoy's cluster statistics are off, as they are by default; `observe doctor` prints "
    "the annotation that turns them on."
)


def retries() -> Section:
    """Tries, retries, timeouts of tries, callers that gave up."""
    by = ("cluster_name",)
    return Section(
        "Retries",
        [
            Line(
                8,
                [
                    series(
                        "Tries per request by edge",
                        "How often a request reaches a pod. 1: no retries. 1.2: retries add a "
                        "fifth "
                        "to the load. It multiplies along a chain of callers.",
                        "none",
                        Query(q.tries_per_request(SEEN, SERVED, EDGE), NAMES),
                        steps=AMPLIFIED,
                    ),
                    series(
                        "Retries that Envoy sent",
                        f"Sent, and those of them that worked. Far apart: the failure is none that "
                        f"a retry cures. {STATISTICS_OFF}",
                        "ops",
                        Query(
                            envoy("upstream_rq_retry", by, scope=UPSTREAM), "{{cluster_name}} sent"
                        ),
                        Query(
                            envoy("upstream_rq_retry_success", by, scope=UPSTREAM),
                            "{{cluster_name}} worked",
                        ),
                    ),
                    series(
                        "Retries that were not allowed",
                        "Out of tries, or over the retry budget. Good: 0; under overload the "
                        "budget "
                        f"should refuse. {STATISTICS_OFF}",
                        "ops",
                        Query(
                            envoy("upstream_rq_retry_limit_exceeded", by, scope=UPSTREAM),
                            "{{cluster_name}} out of tries",
                        ),
                        Query(
                            envoy("upstream_rq_retry_overflow", by, scope=UPSTREAM),
                            "{{cluster_name}} over budget",
                        ),
                    ),
                ],
            ),
            Line(
                8,
                [
                    series(
                        "Timeouts that Envoy enforced",
                        "By the route's timeout, and by the timeout of one try (perTryTimeout), "
                        "which "
                        f"a retry may still save. {STATISTICS_OFF}",
                        "ops",
                        Query(
                            envoy("upstream_rq_timeout", by, scope=UPSTREAM),
                            "{{cluster_name}} request",
                        ),
                        Query(
                            envoy("upstream_rq_per_try_timeout", by, scope=UPSTREAM),
                            "{{cluster_name}} try",
                        ),
                    ),
                    series(
                        "Callers that hang up",
                        "Requests per second that the caller broke off (flag DC): its patience is "
                        "shorter than the answer takes.",
                        "reqps",
                        Query(total(SEEN, REQUESTS, EDGE, with_flag("DC")), NAMES),
                    ),
                ],
            ),
        ],
        folded=True,
    )


def breakers() -> Section:
    """Connection pools, ejections, healthy hosts."""
    by = ("cluster_name",)

    def most(statistic: str) -> str:
        return envoy(statistic, by, scope=UPSTREAM, aggregate="max")

    return Section(
        "Circuit breakers and outlier detection",
        [
            Line(
                8,
                [
                    series(
                        "Requests refused by connection pools",
                        "By limit: waiting requests (http1MaxPendingRequests), requests under way "
                        "(http2MaxRequests), connections (maxConnections). Good: 0. "
                        f"{STATISTICS_OFF}",
                        "ops",
                        Query(
                            envoy("upstream_rq_pending_overflow", by, scope=UPSTREAM),
                            "{{cluster_name}} pending",
                        ),
                        Query(
                            envoy("upstream_rq_active_overflow", by, scope=UPSTREAM),
                            "{{cluster_name}} requests",
                        ),
                        Query(
                            envoy("upstream_cx_overflow", by, scope=UPSTREAM),
                            "{{cluster_name}} connections",
                        ),
                    ),
                    series(
                        "Busiest proxy: requests and connections",
                        "At the proxy that has most: limits are counted per proxy, so this is "
                        "what a "
                        f"limit is compared with. {STATISTICS_OFF}",
                        "short",
                        Query(most("upstream_rq_active"), "{{cluster_name}} requests"),
                        Query(most("upstream_rq_pending_active"), "{{cluster_name}} waiting"),
                        Query(most("upstream_cx_active"), "{{cluster_name}} connections"),
                    ),
                    states(
                        "Open circuit breakers",
                        "Red while a limit is reached at any proxy. Good: green throughout. "
                        f"{STATISTICS_OFF}",
                        "bool_on_off",
                        Query(most("circuit_breakers_default_rq_pending_open"), "{{cluster_name}}"),
                        steps=((None, GREEN), (1, RED)),
                    ),
                ],
            ),
            Line(
                8,
                [
                    series(
                        "Ejections",
                        "Hosts that outlier detection took out, and ejections that "
                        "maxEjectionPercent prevented: with few hosts its default of 10 % prevents "
                        f"all but one. {STATISTICS_OFF}",
                        "ops",
                        Query(
                            envoy("outlier_detection_ejections_enforced_total", by, scope=UPSTREAM),
                            "{{cluster_name}} ejected",
                        ),
                        Query(
                            envoy("outlier_detection_ejections_overflow", by, scope=UPSTREAM),
                            "{{cluster_name}} prevented",
                        ),
                    ),
                    series(
                        "Healthy hosts",
                        "Hosts that are used and hosts there are, at the proxy that sees least. "
                        f"Used below half of all: the rest may not bear the load. {STATISTICS_OFF}",
                        "short",
                        Query(
                            envoy("membership_healthy", by, scope=UPSTREAM, aggregate="min"),
                            "{{cluster_name}} used",
                        ),
                        Query(most("membership_total"), "{{cluster_name}} all"),
                    ),
                    series(
                        "Connections that failed",
                        f"Could not be made, or took too long to make. Good: 0. {STATISTICS_OFF}",
                        "ops",
                        Query(
                            envoy("upstream_cx_connect_fail", by, scope=UPSTREAM),
                            "{{cluster_name}} failed",
                        ),
                        Query(
                            envoy("upstream_cx_connect_timeout", by, scope=UPSTREAM),
                            "{{cluster_name}} too slow",
                        ),
                    ),
                ],
            ),
        ],
        folded=True,
    )
