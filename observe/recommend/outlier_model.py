"""What an outlier detection recommendation says: evidence, effect predicted, backtest."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from observe.documents import CamelModel
from observe.recommend.base_model import Interval, Recommendation


class Episodes(CamelModel):
    """Spans in which one host failed while others did not."""

    number: int
    hosts: int = Field(description="hosts that had one")
    median_seconds: float
    longest_seconds: float


class OutlierEvidence(CamelModel):
    """What outlier detection was computed from."""

    requests: float
    hosts: int | None = Field(description="usual number of hosts; null: not known")
    fewest_hosts: int | None = None
    hosts_reported: bool = Field(description="whether errors are known for each host")
    base_error_fraction: float = Field(description="errors of a healthy host")
    base_low: float
    base_high: float
    worst_host_fraction: float | None = Field(
        default=None, description="errors of the worst host in its worst coarse step"
    )
    judged_by: Literal["5xx", "gateway"] = Field(description="which errors count in a row")
    client_proxies: float | None = None
    requests_per_host_per_proxy: float = Field(
        description="requests a second that one client proxy sends to one host, busiest hour"
    )
    peak_to_capacity: float | None = Field(
        default=None, description="peak load per host over the highest load per host ever borne"
    )
    episodes: Episodes | None = None
    ejections: float | None = Field(default=None, description="ejections that Envoy counted")
    coverage: float


class OutlierPredicted(CamelModel):
    """What the settings would have done, all client proxies together."""

    false_ejections_per_week: float
    errors_avoided_fraction: float = Field(description="of the errors of failing hosts")
    seconds_to_eject: float | None = Field(
        default=None, description="how long a host that fails every request stays in use"
    )


class OutlierBacktest(CamelModel):
    """Settings trained on the first part of the window, judged on the rest."""

    trained_on: tuple[datetime, datetime]
    tested_on: tuple[datetime, datetime]
    false_ejections: float
    false_ejections_interval: Interval
    errors_avoided_fraction: float


class OutlierRecommendation(Recommendation):
    """Outlier detection: `consecutive5xxErrors`, `consecutiveGatewayErrors`, `interval`,
    `baseEjectionTime`, `maxEjectionPercent`, `minHealthPercent`.
    """

    kind: Literal["outlierDetection"] = "outlierDetection"
    evidence: OutlierEvidence
    predicted: OutlierPredicted
    backtest: OutlierBacktest | None = None
