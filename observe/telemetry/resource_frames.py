"""The frames that CPU, memory and replicas are sized by: usage, settings, restarts, autoscalers.

Each may be empty: where cAdvisor or kube-state-metrics is not scraped nothing is known.
"""

from __future__ import annotations

from observe.telemetry.frame_spec import TIME, FrameSpec

#: What identifies the containers of one name in all pods of a workload.
CONTAINER_KEYS = ("cluster", "namespace", "workload", "container")

USAGE = FrameSpec(
    "usage",
    {"time": TIME}
    | dict.fromkeys(CONTAINER_KEYS, "category")
    | {
        "pods": "float64",
        "cpu_cores": "float64",
        "cpu_busiest": "float64",
        "memory_busiest": "float64",
        "throttled": "float64",
    },
    "per fine step (manifest: window.stepSeconds): pods at its end, cores used by all pods, cores "
    "used by the busiest pod, highest working set of any pod (bytes), share of all CPU periods "
    "that were throttled (0-1); NaN where the series is absent",
)

RESOURCES = FrameSpec(
    "resources",
    dict.fromkeys(CONTAINER_KEYS, "str")
    | {
        "cpu_request": "float64",
        "cpu_limit": "float64",
        "memory_request": "float64",
        "memory_limit": "float64",
        "changed_at": TIME,
    },
    "what is set when the window ends, the largest of the pods: cores and bytes, NaN where nothing "
    "is set; `changed_at` is the start of the coarse step in which these values came, NaT when "
    "they held the whole window. Containers for which nothing at all is set have no row",
)

RESTARTS = FrameSpec(
    "restarts",
    {"time": TIME}
    | dict.fromkeys(CONTAINER_KEYS, "str")
    | {"oom_kills": "float64", "restarts": "float64"},
    "containers that restarted in one coarse step, and how often one was killed for want of memory",
)

AUTOSCALERS = FrameSpec(
    "autoscalers",
    {
        **dict.fromkeys(("cluster", "namespace", "autoscaler", "workload"), "str"),
        "min_replicas": "float64",
        "max_replicas": "float64",
        "replicas": "float64",
        "most_replicas": "float64",
        "share_at_max": "float64",
        **dict.fromkeys(("metric", "target_type"), "str"),
        "target": "float64",
    },
    "one row a HorizontalPodAutoscaler and metric that it follows ('' for none): its bounds and "
    "its replicas when the window ends, the most replicas at the end of any fine step, and the "
    "share of those at which it was at its maximum (0-1). `target_type` is utilization (percent "
    "of the request), average or value; `workload` is what it scales",
)
