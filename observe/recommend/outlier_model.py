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
    median_seconds: float = Field(description="in whole fine steps")
    longest_seconds: float
    errors: float = Field(description="errors of the failing hosts in these spans")


class OutlierEvidence(CamelModel):
    """What outlier detection was computed from."""

    requests: float
    hosts: int | None = Field(description="usual number of hosts; null: not known")
    fewest_hosts: int | None = None
    hosts_reported: bool = Field(description="whether errors are known for each host")
    base_error_fraction: float = Field(description="errors of healthy hosts")
    base_low: float
    base_high: float
    worst_hour_fraction: float = Field(
        description="errors of healthy hosts in the coarse step with the highest share"
    )
    dependence: float = Field(
        description="correlation between a request to a host and the next one; null errors: 0"
    )
    unseen_error_fraction: float = Field(
        description="tries that may fail besides, hidden by retries that cured them (upper end)"
    )
    outage_fraction: float = Field(
        description="requests in steps in which most answers of all hosts were errors; left out"
    )
    worst_host_fraction: float | None = Field(
        default=None, description="errors of the worst host in its worst coarse step"
    )
    judged_by: Literal["5xx", "gateway"] = Field(
        description="which errors in a row eject first: all 5xx, or 502, 503 and 504 alone"
    )
    client_proxies: float | None = Field(
        default=None, description="proxies that share the requests, as a typical request finds it"
    )
    requests_per_host_per_proxy: float = Field(
        description="requests a second that one client proxy sends to one host, as a typical "
        "request finds it"
    )
    peak_to_capacity: float | None = Field(
        default=None, description="peak load per host over the highest load per host ever borne"
    )
    episodes: Episodes | None = None
    ejections: float | None = Field(default=None, description="ejections that Envoy counted")
    coverage: float


class OutlierPredicted(CamelModel):
    """What the settings would have done, all client proxies together."""

    false_ejections_per_week: float = Field(description="of healthy hosts, by chance")
    current_false_ejections_per_week: float | None = Field(
        default=None, description="the same of what is set; null when nothing is"
    )
    errors_avoided_fraction: float | None = Field(
        description="of the errors of failing hosts; null when no host was seen to fail"
    )
    seconds_to_eject: float = Field(
        description="how long a host that fails every request stays in use"
    )


class OutlierBacktest(CamelModel):
    """Settings trained on the first part of the window, judged on the rest."""

    trained_on: tuple[datetime, datetime]
    tested_on: tuple[datetime, datetime]
    consecutive_errors: int = Field(description="errors in a row that the first part advises")
    false_ejections: float = Field(description="of healthy hosts in the rest, by chance")
    false_ejections_interval: Interval
    errors_avoided_fraction: float | None = Field(
        description="of the errors of hosts that failed in the rest; null when none did"
    )


class OutlierRecommendation(Recommendation):
    """Outlier detection: `consecutive5xxErrors`, `consecutiveGatewayErrors`, `interval`,
    `baseEjectionTime`, `maxEjectionPercent`, `minHealthPercent`.
    """

    kind: Literal["outlierDetection"] = "outlierDetection"
    evidence: OutlierEvidence
    predicted: OutlierPredicted
    backtest: OutlierBacktest | None = None
