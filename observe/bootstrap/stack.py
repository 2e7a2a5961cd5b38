"""What a monitoring stack is made of: the one document that every target renders.

An *edge* tier in each cluster scrapes the proxies and records rates; one *external* tier keeps the
recorded rates of all clusters. How the numbers were chosen: docs/bootstrap.md.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from observe.documents import CamelModel


def _shaped(pattern: str, words: str) -> AfterValidator:
    """Refuse a text of another shape, in words that a person understands."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"{text!r} is none: write {words}")
        return text

    return AfterValidator(check)


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or re.search(r"\s", text):
        raise ValueError("write an address such as https://observe.example.org:9090")
    if parts.username or parts.password:
        raise ValueError("an address must not hold a password: it stands in files that many read")
    return text


#: A name that may stand in a Kubernetes object's name (RFC 1123 label).
Name = Annotated[
    str,
    _shaped(
        r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?",
        "small letters, digits and dashes, such as istio-system",
    ),
]
#: A cluster's name as Istio has it (`Kubernetes` when nobody chose one): a label's value.
ClusterName = Annotated[
    str,
    _shaped(
        r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?",
        "letters, digits, dashes, dots and underscores, such as east or Kubernetes",
    ),
]
#: A duration as Prometheus writes it; one unit.
Retention = Annotated[
    str, _shaped(r"[1-9][0-9]{0,4}(h|d|w|y)", "a number and h, d, w or y, such as 90d")
]
Url = Annotated[str, AfterValidator(_address)]
#: Registry, path, and a tag or a digest.
Image = Annotated[
    str,
    _shaped(
        r"[A-Za-z0-9][A-Za-z0-9._:/-]*[A-Za-z0-9](@sha256:[0-9a-f]{64})?",
        "an image such as prom/prometheus:v3.5.0",
    ),
]


def _as_text(value: Any) -> Any:
    """`1.27` without quotes is a number to YAML; 1.30 would read 1.3, which nobody can tell."""
    if isinstance(value, float):
        raise ValueError(f"put it into quotes: '{value}' (without them 1.30 would be read as 1.3)")
    return value


#: A version of Istio.
IstioVersion = Annotated[
    str, BeforeValidator(_as_text), _shaped(r"1\.[0-9]{1,2}(\.[0-9]{1,3})?", "it like '1.27.3'")
]

#: Evaluations that a rate window must span, so that one missed scrape leaves two samples in it.
_SCRAPES_PER_WINDOW = 4


class _Part(CamelModel):
    model_config = ConfigDict(allow_inf_nan=False)


class Cluster(_Part):
    """One cluster of the mesh, with an edge tier of its own."""

    name: ClusterName = Field(
        description="value of the label `cluster`: Istio's multiCluster.clusterName"
    )
    edge_url: Url | None = Field(
        default=None,
        description="where the external tier reaches this edge tier; none: a Service beside it",
    )


class EdgeTier(_Part):
    """The Prometheus beside the proxies."""

    scrape_seconds: int = Field(default=15, ge=1, le=75, description="distance of scrapes")
    evaluation_seconds: int = Field(
        default=60, ge=1, le=300, description="distance of evaluations of the recording rules"
    )
    retention: Retention = Field(default="2d", description="how long raw series are kept")
    sizes: bool = Field(default=False, description="record histograms of request sizes too")
    replicas: int = Field(default=1, ge=1, le=2, description="2 makes a pair that scrapes alike")
    keep: Literal["core", "all"] = Field(
        default="core", description="core: store what rules, alerts and dashboards read; all: all"
    )
    sample_limit: int = Field(
        default=50_000, ge=1_000, description="a pod that shows more series is not scraped"
    )
    verify_kubelet: bool = Field(
        default=False, description="check kubelets' certificates; many clusters' are self-signed"
    )


class ExternalTier(_Part):
    """The Prometheus that keeps what all edge tiers recorded."""

    transport: Literal["federate", "remote-write"] = Field(
        default="federate",
        description="federate: it asks the edge tiers; remote-write: they send to it",
    )
    federation_seconds: int = Field(
        default=30, ge=1, le=300, description="distance of requests to /federate"
    )
    retention: Retention = Field(default="90d", description="how long recorded rates are kept")
    write_url: Url | None = Field(
        default=None, description="where edge tiers of other clusters send to (remote-write)"
    )
    alertmanager_url: Url | None = Field(
        default=None,
        description="where edge tiers of other clusters send alerts; none: they stay there",
    )


class Objectives(_Part):
    """What the burn-rate alerts defend, for every service."""

    availability: float = Field(default=0.999, gt=0.5, lt=1, description="share of good answers")
    latency_ms: float = Field(
        default=1000, gt=0, description="an answer within this is fast; an upper end of a bucket"
    )
    latency: float = Field(default=0.99, gt=0.5, lt=1, description="share of fast answers")
    latency_exempt: tuple[str, ...] = Field(
        default=(),
        description="hosts whose answers are held open on purpose (event streams, long polls); "
        "* stands for anything: *.push.svc.cluster.local",
    )


class Alerting(_Part):
    """Who is told; addresses with secrets in them are keys of the tiers' Secret."""

    receiver: Literal["none", "webhook", "slack", "pagerduty"] = Field(
        default="none", description="none: alerts stay in Alertmanager, where people look"
    )
    channel: str | None = Field(default=None, description="channel (slack)")
    runbook_url: str = Field(
        default="docs/runbooks.md",
        pattern=r"^[^\s#{}]+$",
        description="where docs/runbooks.md can be read, for links in messages; "
        "#alert is added: https://git.example/observe/docs/runbooks.md",
    )
    repeat_hours: int = Field(default=4, ge=1, le=168, description="an alert is told again after")


class Security(_Part):
    """How the tiers know one another. There is no setting that leaves /federate open."""

    auth: Literal["basic", "mtls"] = "basic"
    secret: Name = Field(
        default="observe-tiers",
        description="Kubernetes Secret with the keys docs/bootstrap.md names",
    )


class Stack(_Part):
    """The whole stack; `observe-stack.yaml`."""

    namespace: Name = "observe"
    istio_namespace: Name = "istio-system"
    istio_version: IstioVersion = "1.27"
    clusters: tuple[Cluster, ...] = Field(default=(Cluster(name="east"),), min_length=1)
    home: ClusterName | None = Field(
        default=None, description="the cluster that the external tier runs in; none: the first"
    )
    edge: EdgeTier = EdgeTier()
    external: ExternalTier = ExternalTier()
    objectives: Objectives = Objectives()
    alerting: Alerting = Alerting()
    security: Security = Security()
    prometheus_image: Image = "prom/prometheus:v3.5.0"
    alertmanager_image: Image = "prom/alertmanager:v0.28.1"
    gate_image: Image = Field(
        default="nginxinc/nginx-unprivileged:1.28-alpine",
        description="asks for the password before a Prometheus that an operator runs",
    )

    @property
    def rate_seconds(self) -> int:
        """Span of the recorded rates; part of their names."""
        return 300

    @property
    def home_cluster(self) -> Cluster:
        """The cluster that the external tier runs in."""
        return next(c for c in self.clusters if c.name == (self.home or self.clusters[0].name))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [cluster.name for cluster in self.clusters]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two clusters are named {twice[0]}")
        if self.home is not None and self.home not in names:
            raise ValueError(f"home is {self.home}, which is none of the clusters")
        if self.edge.scrape_seconds * _SCRAPES_PER_WINDOW > self.rate_seconds:
            raise ValueError("scrapeSeconds is too long for rates over 5 minutes: 75 at the most")
        if self.edge.evaluation_seconds < self.edge.scrape_seconds:
            raise ValueError("evaluationSeconds is shorter than scrapeSeconds: nothing new to add")
        if self.external.federation_seconds > self.edge.evaluation_seconds:
            raise ValueError("federationSeconds is longer than evaluationSeconds: rates get lost")
        return self
