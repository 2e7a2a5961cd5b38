"""What containers do besides following their load: costly starts, leaks, settings, autoscaling."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Autoscaler:
    """A HorizontalPodAutoscaler that follows CPU.

    Attributes:
        utilization: target, percent of the request.
    """

    min_replicas: int
    max_replicas: int
    utilization: float = 80.0


@dataclass(frozen=True)
class Habits:
    """Of a workload's application; what is None follows from the workload's name.

    Attributes:
        startup_cores: CPU on top while a container starts.
        startup_minutes: how long it does.
        leak_bytes_per_hour: what is never given back; at the limit the container is killed.
        cpu_request, cpu_limit: cores.
        memory_request, memory_limit: bytes.
    """

    startup_cores: float = 0.0
    startup_minutes: float = 0.0
    leak_bytes_per_hour: float = 0.0
    cpu_request: float | None = None
    cpu_limit: float | None = None
    memory_request: float | None = None
    memory_limit: float | None = None
    autoscaler: Autoscaler | None = None


STEADY = Habits()
