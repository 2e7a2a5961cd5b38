"""What a snapshot says about itself: where it came from, which window, how complete it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from observe.documents import CamelModel

SNAPSHOT_VERSION = "observe-snapshot/v1"


class Window(CamelModel):
    """A half-open span of time [start, end) and the steps it was read in."""

    start: datetime
    end: datetime
    step_seconds: int = Field(gt=0, description="fine step: request counts")
    coarse_step_seconds: int = Field(gt=0, description="coarse step: latency buckets, coverage")

    @property
    def length(self) -> timedelta:
        """Length of the window."""
        return self.end - self.start

    @property
    def days(self) -> float:
        """Length of the window in days."""
        return self.length.total_seconds() / 86_400


class Source(CamelModel):
    """Where telemetry came from."""

    kind: Literal["prometheus", "snapshot", "simulation"] = "prometheus"
    flavour: str = Field(default="raw", description="'raw' istio_* series, or 'recorded' rates")
    url: str = Field(default="", description="address without credentials")
    server: str = Field(default="", description="name and version that the server gives of itself")
    coverage: float = Field(default=1.0, ge=0, le=1, description="scrapes present / expected")
    scrape_interval_seconds: float = Field(default=15.0, gt=0)
    warnings: tuple[str, ...] = ()


class MissingPiece(CamelModel):
    """Something that was asked for and did not arrive."""

    query: str
    start: datetime
    end: datetime
    reason: str


class QueryCost(CamelModel):
    """What collecting cost the server and the wire."""

    queries: int = 0
    seconds: float = 0.0
    bytes: int = 0


class Manifest(CamelModel):
    """Description of a snapshot; stored as manifest.json beside the Parquet files."""

    schema_version: Literal["observe-snapshot/v1"] = "observe-snapshot/v1"
    created_at: datetime
    window: Window
    source: Source
    missing: tuple[MissingPiece, ...] = ()
    cost: QueryCost = QueryCost()
    versions: dict[str, str] = Field(default_factory=dict)
