"""Kubernetes requests, limits and volumes of a server of some size, with headroom."""

from __future__ import annotations

import math

from observe.bootstrap.sizing.estimate import TierSize
from observe.documents import CamelModel

#: Of memory: what is requested is what it needs plus this; the limit leaves room for queries.
MEMORY_REQUEST, MEMORY_LIMIT = 1.25, 2.0
#: Of the volume, blocks that are written while old ones are still there.
DISK = 1.3
#: Share of the volume that Prometheus fills before it drops the oldest block.
FULL = 0.85
_MEBI = 2**20


class Resources(CamelModel):
    """Kubernetes quantities; there is no CPU limit, which would delay scrapes.

    Attributes:
        cpu_request: cores.
        memory_request: memory that is set aside.
        memory_limit: memory above which it is killed.
        storage: size of the volume.
        retention_size: size of blocks above which Prometheus drops the oldest.
    """

    cpu_request: str
    memory_request: str
    memory_limit: str
    storage: str
    retention_size: str


def resources(size: TierSize) -> Resources:
    """What a Pod asks for, so that a server of this size runs well."""
    storage = max(2, math.ceil(size.disk_bytes * DISK / FULL / 2**30))
    return Resources(
        cpu_request=f"{max(100, math.ceil(size.cpu_cores * 2 * 20) * 50)}m",
        memory_request=_mebibytes(size.memory_bytes * MEMORY_REQUEST, 256),
        memory_limit=_mebibytes(size.memory_bytes * MEMORY_LIMIT, 512),
        storage=f"{storage}Gi",
        retention_size=f"{math.floor(storage * FULL * 1024)}MB",
    )


def _mebibytes(wanted: float, least: int) -> str:
    return f"{max(least, math.ceil(wanted / _MEBI / 64) * 64)}Mi"
