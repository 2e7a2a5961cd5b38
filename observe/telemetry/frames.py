"""The tidy frames that a snapshot holds: one definition of every column, its type and its unit.

The collector produces these frames, the snapshot stores them, signals and recommenders read them.
Counts are increases within a step, never running totals, and rows that count nothing are left out.
Times are UTC and mark the *start* of the step that a row covers.
"""

from __future__ import annotations

from observe.telemetry.frame_spec import TIME, FrameSpec
from observe.telemetry.istiod_frames import ISTIOD, ISTIOD_CONFIG, ISTIOD_TRIGGERS
from observe.telemetry.resource_frames import (
    AUTOSCALERS,
    CONTAINER_KEYS,
    RESOURCES,
    RESTARTS,
    USAGE,
)

__all__ = [
    "ALL",
    "AUTOSCALERS",
    "CONTAINERS",
    "CONTAINER_KEYS",
    "COVERAGE",
    "EDGES",
    "EDGE_KEYS",
    "ENVOY",
    "HOSTS",
    "HOST_ERRORS",
    "HOST_KEYS",
    "ISTIOD",
    "ISTIOD_CONFIG",
    "ISTIOD_TRIGGERS",
    "LATENCY",
    "LATENCY_SUM",
    "MESSAGES",
    "OPTIONAL",
    "OUTCOME_COLUMNS",
    "PROXIES",
    "REQUESTS",
    "RESOURCES",
    "RESTARTS",
    "TIME",
    "USAGE",
    "FrameSpec",
]

#: What tells one request outcome from another; the same three columns in every frame that has them.
OUTCOME_COLUMNS = ("code", "flags", "grpc_status")

#: What identifies an edge besides its number.
EDGE_KEYS = (
    "cluster",
    "reporter",
    "source_workload",
    "source_namespace",
    "destination_service",
    "destination_service_namespace",
    "destination_workload",
    "destination_namespace",
    "protocol",
)


EDGES = FrameSpec(
    "edges",
    {"edge": "int32"} | dict.fromkeys(EDGE_KEYS, "str"),
    "one row per reporter, client workload and destination; `edge` is the key used elsewhere",
)

REQUESTS = FrameSpec(
    "requests",
    {"time": TIME, "edge": "int32"}
    | dict.fromkeys(OUTCOME_COLUMNS, "category")
    | {"requests": "float64"},
    "requests that ended within one fine step (manifest: window.stepSeconds), by outcome",
)

LATENCY = FrameSpec(
    "latency",
    {"time": TIME, "edge": "int32"}
    | dict.fromkeys(OUTCOME_COLUMNS, "category")
    | {"gt": "float64", "le": "float64", "requests": "float64"},
    "requests of one coarse step whose duration fell into the bucket (gt, le] (milliseconds; not "
    "cumulative; gt is the `le` of the bucket before, 0 for the first; le is inf for the last)",
)

LATENCY_SUM = FrameSpec(
    "latency_sum",
    {"time": TIME, "edge": "int32"}
    | dict.fromkeys(OUTCOME_COLUMNS, "category")
    | {"sum_ms": "float64", "requests": "float64"},
    "total duration (milliseconds) and number of the requests of one coarse step",
)

MESSAGES = FrameSpec(
    "messages",
    {"edge": "int32", "request_messages": "float64", "response_messages": "float64"},
    "gRPC messages over the whole window",
)

COVERAGE = FrameSpec(
    "coverage",
    {"time": TIME, "edge": "int32", "samples": "float64", "expected": "float64"},
    "scrapes present against scrapes expected per coarse step, of the best covered proxy",
)

CONTAINERS = FrameSpec(
    "containers",
    {
        "time": TIME,
        "cluster": "str",
        "namespace": "str",
        "workload": "str",
        "container": "str",
        "pods": "float64",
        "cpu_cores": "float64",
        "cpu_throttled": "float64",
        "memory_bytes": "float64",
    },
    "per coarse step: cores used by all pods, share of throttled CPU periods (0-1, NaN where the "
    "series is absent), working set of the largest pod",
)

PROXIES = FrameSpec(
    "proxies",
    {"time": TIME, "edge": "int32", "proxies": "float64", "busiest_share": "float64"},
    "per coarse step: proxies of the edge's reporter that had a request, and the share of the "
    "edge's requests that the busiest of them had (0-1)",
)

#: What identifies one host (a pod's proxy) behind a service, as its own proxy reports it.
HOST_KEYS = ("cluster", "destination_service", "destination_service_namespace", "host")

HOSTS = FrameSpec(
    "hosts",
    {"time": TIME} | dict.fromkeys(HOST_KEYS, "str") | {"requests": "float64"},
    "requests that each host served in one coarse step; `host` is the scraped instance",
)

HOST_ERRORS = FrameSpec(
    "host_errors",
    {"time": TIME}
    | dict.fromkeys(HOST_KEYS, "str")
    | {"code": "category", "grpc_status": "category", "requests": "float64"},
    "requests that each host answered with HTTP 5xx (or 0) or a gRPC status other than 0, in one "
    "fine step",
)

ENVOY = FrameSpec(
    "envoy",
    {
        "time": TIME,
        "cluster": "str",
        "namespace": "str",
        "workload": "str",
        "destination_service": "str",
        "port": "str",
        "subset": "str",
        "retries": "float64",
        "retry_successes": "float64",
        "retry_overflows": "float64",
        "pending_overflows": "float64",
        "active_overflows": "float64",
        "cx_overflows": "float64",
        "ejections": "float64",
        "requests_active": "float64",
        "requests_pending": "float64",
        "connections_active": "float64",
    },
    "per coarse step, client workload and upstream cluster of Envoy: increases of its counters, "
    "and the highest value of its gauges in any one proxy; NaN where the mesh does not expose one",
)

#: Frames that a snapshot may lack: it was written before there were any, and they are empty then.
OPTIONAL = (
    *(PROXIES, HOSTS, HOST_ERRORS, ENVOY),
    *(USAGE, RESOURCES, RESTARTS, AUTOSCALERS),
    *(ISTIOD, ISTIOD_TRIGGERS, ISTIOD_CONFIG),
)

ALL = (EDGES, REQUESTS, LATENCY, LATENCY_SUM, MESSAGES, COVERAGE, CONTAINERS, *OPTIONAL)
