"""One workload: what it is asked, what it asks of others, and what it uses."""

from __future__ import annotations

from typing import Any

from observe.grafana.dashboards import queries as q
from observe.grafana.dashboards.board import Board, Line, Section
from observe.grafana.dashboards.headline import ERRORS, headline
from observe.grafana.dashboards.infra import container
from observe.grafana.dashboards.links import drill, to
from observe.grafana.dashboards.panels import Query, series
from observe.grafana.dashboards.promql import CLIENT, SERVER, total
from observe.grafana.dashboards.rows import codes, ends, latencies, security, shape
from observe.grafana.dashboards.variables import CLUSTER, cluster, namespace, workload

MINE = (
    CLUSTER,
    'destination_workload_namespace=~"$namespace"',
    'destination_workload=~"$workload"',
)
ASKED = SERVER.within(*MINE)
ASKING = CLIENT.within(
    CLUSTER, 'source_workload_namespace=~"$namespace"', 'source_workload=~"$workload"'
)
CALLER = ("source_workload_namespace", "source_workload")
SERVICE = ("destination_service_namespace", "destination_service")


def _tcp() -> Line:
    none = "No lines: this workload has no plain TCP traffic."
    received, sent = "istio_tcp_received_bytes_total", "istio_tcp_sent_bytes_total"
    return Line(
        8,
        [
            series(
                "TCP as a server",
                f"Bytes of TCP connections that others opened to it. {none}",
                "Bps",
                Query(total(ASKED, received), "received"),
                Query(total(ASKED, sent), "sent"),
            ),
            series(
                "TCP as a client",
                "Bytes of TCP connections that it opened. Istio counts from the server's side: "
                "what "
                f"the client sends is what the server receives. {none}",
                "Bps",
                Query(total(ASKING, received), "sent"),
                Query(total(ASKING, sent), "received"),
            ),
            security(MINE),
        ],
    )


def _outgoing() -> Line:
    return Line(
        8,
        [
            series(
                "Outgoing requests",
                "What it asks of others. Grows while incoming requests do not: retries, or a loop.",
                "reqps",
                Query(q.requests(ASKING, SERVICE), "{{destination_service}}"),
            ),
            series(
                "Outgoing failures",
                "Share of its calls that failed, by service. A line here that goes up together "
                "with the failures above: the cause is that service.",
                "percentunit",
                Query(q.failure_share(ASKING, SERVICE), "{{destination_service}}"),
                steps=ERRORS,
            ),
        ],
    )


def _usage() -> Section:
    names = "{{workload}} {{container}}"
    cpu, memory = "container_cpu_usage_seconds_total", "container_memory_working_set_bytes"
    hint = "No lines: cAdvisor is not scraped."
    panels: list[Any] = [
        series(
            "CPU",
            f"Cores that its containers use over all pods, the sidecar apart. {hint}",
            "none",
            Query(
                container(
                    cpu, "sum", rate=True, recorded="workload:container_cpu_usage_seconds:rate5m"
                ),
                names,
            ),
        ),
        series(
            "Memory",
            f"Working set of the largest pod, which is what the kernel kills by. {hint}",
            "bytes",
            Query(
                container(
                    memory,
                    "max",
                    rate=False,
                    recorded="workload:container_memory_working_set_bytes:max",
                ),
                names,
            ),
        ),
    ]
    return Section("CPU and memory", [Line(8, panels)], folded=True)


def workload_board() -> Board:
    """Everything about one workload."""
    caller = drill("observe-workload", namespace="Namespace", workload="Workload")
    called = drill("observe-service", namespace="Namespace", service="Workload")
    return Board(
        "observe-workload",
        "Observe / Workload",
        "One workload: what it is asked, what it asks of others, and what it uses. A gateway only "
        "asks: look at its outgoing rows.",
        [cluster(), namespace(about="Namespace of the workload"), workload()],
        [
            Section(
                "",
                [
                    headline(ASKED, "its pods saw them"),
                    Line(8, [*latencies(ASKED), codes(ASKED)]),
                    _outgoing(),
                ],
            ),
            Section("TCP and security", [_tcp()], folded=True),
            ends("Inbound", ASKED, CALLER, caller, folded=True),
            ends("Outbound", ASKING, SERVICE, called, folded=True),
            shape(ASKED),
            _usage(),
        ],
        [to("observe-resources", "Resources", "Usage against requests, limits and advice")],
    )
