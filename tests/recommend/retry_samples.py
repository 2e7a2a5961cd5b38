"""Retry recommendations and settings made by hand, for tests that need to know every number."""

from dataclasses import dataclass, field

from observe.recommend.retry_model import (
    FailureClass,
    RetryBacktest,
    RetryEvidence,
    RetryPredicted,
    RetryRecommendation,
)
from observe.target import Target

MORNING, EVENING = "2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z"


def target_of(name):
    return Target(cluster="east", namespace="shop", service=f"{name}.shop.svc.cluster.local")


def path_of(name):
    return target_of(name).path


def retry(name, attempts=2, gain=0.01, repeat=0.5, requests=1000.0, classes=(), **fields):
    """`gain` is what all attempts together add to the success, of all requests."""
    curable = sum(c.requests for c in classes) / requests
    return RetryRecommendation(
        id=f"retry/{path_of(name)}",
        target=target_of(name),
        current=fields.pop("current", None),
        proposed={"attempts": attempts, "retryOn": "connect-failure"} | fields.pop("proposed", {}),
        confidence="high",
        severity=fields.pop("severity", "info"),
        reasons=("SAMPLE",),
        message="A sample.",
        predicted_interval={
            "successAfter": (0.98, 1.0),
            "addedLoad": (0.01, 0.03),
            "addedLoadWorstHour": (0.03, 0.06),
        },
        evidence=RetryEvidence(
            requests=requests,
            failures=requests * 0.01,
            curable_fraction=curable,
            curable_low=curable,
            curable_high=curable,
            overload_fraction=0.0,
            repeat_fraction=repeat,
            repeat_low=repeat,
            repeat_high=repeat,
            dispersion=1.0,
            clustered_fraction=0.0,
            worst_hour_fraction=curable,
            amplification=None,
            classes=tuple(classes),
            coverage=1.0,
        ),
        predicted=RetryPredicted(
            success_before=0.98,
            success_after=0.98 + gain,
            added_load=0.015,
            added_load_worst_hour=0.045,
        ),
        backtest=RetryBacktest(
            trained_on=(MORNING, EVENING),
            tested_on=(MORNING, EVENING),
            attempts=attempts,
            success_before=0.97,
            success_after=0.97 + gain,
            added_load=0.03,
            added_load_worst_hour=0.06,
            added_load_worst_hour_interval=(0.03, 0.09),
        ),
        **fields,
    )


def failed(requests, flags="-", grpc_status="14", cure="curable"):
    return FailureClass(
        code="200", flags=flags, grpc_status=grpc_status, cure=cure, requests=requests
    )


@dataclass(frozen=True)
class Route:
    attempts: int | None
    per_try_timeout_ms: float | None = None
    retry_on: tuple[str, ...] = ()
    source: str = "vs.yaml:1"


@dataclass(frozen=True)
class Rule:
    retry_budget: dict = field(default_factory=dict)
    connection_pool: dict = field(default_factory=dict)
    outlier_detection: dict = field(default_factory=dict)
    source: str = "dr.yaml:1"


@dataclass(frozen=True)
class Settings:
    """Retries by service name: one entry a route; budgets in percent by service name."""

    routes: dict[str, tuple[int | None, ...]] = field(default_factory=dict)
    budgets: dict[str, float] = field(default_factory=dict)

    def timeout_for(self, service, cluster=None):
        return None

    def retries_for(self, service, cluster=None):
        return tuple(Route(n) for n in self.routes.get(service.split(".")[0], ()))

    def traffic_policy_for(self, service, cluster=None):
        percent = self.budgets.get(service.split(".")[0])
        return None if percent is None else Rule(retry_budget={"percent": percent})
