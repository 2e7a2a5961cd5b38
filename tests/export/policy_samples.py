"""Advice about retries, connection pools and outlier detection that the tests share.

Only what an export reads is filled in: the numbers of evidence are the recommenders' business.
"""

from __future__ import annotations

from typing import Any

from export_samples import PAYMENT

from observe.recommend.outlier_model import (
    OutlierEvidence,
    OutlierPredicted,
    OutlierRecommendation,
)
from observe.recommend.pool_model import PoolEvidence, PoolPredicted, PoolRecommendation
from observe.recommend.retry_model import RetryEvidence, RetryPredicted, RetryRecommendation
from observe.target import Target

RETRIES = {
    "attempts": 2,
    "perTryTimeout": "250ms",
    "retryOn": "connect-failure,refused-stream,unavailable",
    "backoff": "25ms",
    "retryBudget": {"percent": 20.0, "minRetryConcurrency": 3},
}
POOL = {"maxConnections": 60, "http1MaxPendingRequests": 60, "http2MaxRequests": 60}
OUTLIER = {
    "consecutive5xxErrors": 8,
    "interval": "10s",
    "baseEjectionTime": "30s",
    "maxEjectionPercent": 34,
    "minHealthPercent": 50,
}


def _given(kind: str, name: str, service: str, cluster: str | None, more: dict[str, Any]) -> Any:
    target = Target(cluster=cluster, namespace="shop", service=service)
    return {
        "id": f"{kind}/{target.path}",
        "kind": kind,
        "target": target,
        "current": None,
        "confidence": "high",
        "severity": "warning",
        "reasons": (),
        "message": f"{name} of {service}.",
    } | more


def retry(service: str = PAYMENT, *, cluster: str | None = "east", **more: Any) -> Any:
    """Retries, `RETRIES` unless `proposed` says else."""
    evidence = RetryEvidence.model_construct(requests=1e6, failures=900.0, coverage=0.99)
    predicted = RetryPredicted.model_construct(success_before=0.999, success_after=0.9999)
    given = {"proposed": RETRIES, "evidence": evidence, "predicted": predicted}
    return RetryRecommendation.model_construct(
        **_given("retry", "Retries", service, cluster, given | more)
    )


def pool(service: str = PAYMENT, *, cluster: str | None = "east", **more: Any) -> Any:
    """A connection pool, `POOL` unless `proposed` says else."""
    evidence = PoolEvidence.model_construct(requests=1e6, protocol="unknown", coverage=0.99)
    predicted = PoolPredicted.model_construct(concurrency_p999_per_proxy=31.0, fraction_shed=0.0)
    given = {"proposed": POOL, "evidence": evidence, "predicted": predicted}
    return PoolRecommendation.model_construct(
        **_given("connectionPool", "Pool", service, cluster, given | more)
    )


def outlier(
    service: str = PAYMENT, *, hosts: int = 3, cluster: str | None = "east", **more: Any
) -> Any:
    """Outlier detection, `OUTLIER` unless `proposed` says else."""
    evidence = OutlierEvidence.model_construct(requests=1e6, hosts=hosts, coverage=0.99)
    predicted = OutlierPredicted.model_construct(
        false_ejections_per_week=0.2, errors_avoided_fraction=0.9
    )
    given = {"proposed": OUTLIER, "evidence": evidence, "predicted": predicted}
    return OutlierRecommendation.model_construct(
        **_given("outlierDetection", "Outlier detection", service, cluster, given | more)
    )
