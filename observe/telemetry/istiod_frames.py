"""The frames that istiod is sized and judged by; all its replicas in a cluster are one row."""

from __future__ import annotations

from observe.telemetry.frame_spec import TIME, FrameSpec

ISTIOD = FrameSpec(
    "istiod",
    {"time": TIME, "cluster": "str"}
    | dict.fromkeys(("replicas", "proxies", "services", "virtual_services"), "float64")
    | dict.fromkeys(
        ("pushes", "push_errors", "push_timeouts", "rejects", "injection_failures"), "float64"
    )
    | dict.fromkeys(("convergence_p50", "convergence_p99", "queue_p99"), "float64"),
    "per coarse step and cluster: replicas and connected proxies at its end (sums), services and "
    "virtual services (the largest replica's); pushes, pushes that failed or timed out, "
    "configuration that proxies rejected and failed injections (increases); seconds until a "
    "change reached a proxy, and seconds that a proxy waited in the queue; NaN where absent",
)

ISTIOD_TRIGGERS = FrameSpec(
    "istiod_triggers",
    {"time": TIME, "cluster": "str", "type": "str", "triggers": "float64"},
    "per coarse step: reasons for which istiod pushed, by type (endpoint, config, proxy, ...)",
)

ISTIOD_CONFIG = FrameSpec(
    "istiod_config",
    {"time": TIME, "cluster": "str", "type": "str"}
    | dict.fromkeys(("pushes", "bytes_p99", "bytes_most"), "float64"),
    "per coarse step and type of xDS: pushes, and how large one was: the 99th percentile and the "
    "upper end of the highest bucket that was used",
)
