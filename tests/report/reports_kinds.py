"""Retries, pools and outlier detection made by hand, for tests of the report."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from handmade import START
from reports import HOURS, target

from observe.recommend.outlier_model import (
    Episodes,
    OutlierBacktest,
    OutlierEvidence,
    OutlierPredicted,
    OutlierRecommendation,
)
from observe.recommend.pool_model import (
    PoolBacktest,
    PoolClient,
    PoolEvidence,
    PoolPredicted,
    PoolRecommendation,
)
from observe.recommend.retry_model import (
    FailureClass,
    RetryBacktest,
    RetryEvidence,
    RetryPredicted,
    RetryRecommendation,
)

_MIDDLE = START + timedelta(hours=118)
PARTS: dict[str, Any] = {
    "trained_on": (START, _MIDDLE),
    "tested_on": (_MIDDLE, START + timedelta(hours=HOURS)),
}


def retry(service: str = "cart", **changes: Any) -> RetryRecommendation:
    """One retry within a budget instead of Istio's default; 0.4 % of first tries fail."""
    about = changes.pop("target", None) or target(service)
    values: dict[str, Any] = {
        "id": f"retry/{about.path}",
        "target": about,
        "current": {"attempts": None, "source": None},
        "proposed": {
            "attempts": 1,
            "perTryTimeout": None,
            "retryOn": "connect-failure,refused-stream,unavailable",
            "backoff": "25ms",
            "retryBudget": {"percent": 20.0, "minRetryConcurrency": 3},
        },
        "confidence": "high",
        "severity": "info",
        "reasons": ("RETRY_CURES", "RETRY_DEFAULT_UNBOUND"),
        "message": "0.400% of the first tries fail in a way that the next cures. Nothing is set.",
        "evidence": retry_evidence(),
        "predicted": RetryPredicted(
            success_before=0.995,
            success_after=0.99898,
            added_load=0.004,
            added_load_worst_hour=0.012,
        ),
        "predicted_interval": {
            "successAfter": (0.9988, 0.9991),
            "addedLoad": (0.0038, 0.0042),
            "addedLoadWorstHour": (0.010, 0.014),
        },
        "backtest": retry_backtest(),
    }
    return RetryRecommendation(**(values | changes))


def retry_evidence(**changes: Any) -> RetryEvidence:
    values: dict[str, Any] = {
        "requests": 168_000.0,
        "failures": 840.0,
        "curable_fraction": 0.004,
        "curable_low": 0.0038,
        "curable_high": 0.0042,
        "overload_fraction": 0.0,
        "repeat_fraction": 0.005,
        "repeat_low": 0.002,
        "repeat_high": 0.01,
        "dispersion": 1.1,
        "clustered_fraction": 0.0,
        "worst_hour_fraction": 0.012,
        "amplification": 1.0,
        "hosts": 3,
        "classes": (
            FailureClass(code="503", flags="UF", grpc_status="", cure="curable", requests=672.0),
            FailureClass(code="500", flags="-", grpc_status="", cure="after_work", requests=168.0),
        ),
        "coverage": 0.998,
    }
    return RetryEvidence(**(values | changes))


def retry_backtest(**changes: Any) -> RetryBacktest:
    values: dict[str, Any] = {
        "attempts": 1,
        "success_before": 0.996,
        "success_after": 0.9989,
        "added_load": 0.003,
        "added_load_worst_hour": 0.011,
        "added_load_worst_hour_interval": (0.009, 0.013),
    }
    return RetryBacktest(**(PARTS | values | changes))


def pool(service: str = "cart", **changes: Any) -> PoolRecommendation:
    """A limit of 270 requests where 20 are set and refused 3 % of them."""
    about = changes.pop("target", None) or target(service)
    values: dict[str, Any] = {
        "id": f"connectionPool/{about.path}",
        "target": about,
        "current": {"http2MaxRequests": 20, "source": "shop/cart.yaml:30"},
        "proposed": {
            "maxConnections": 270,
            "http2MaxRequests": 270,
            "http1MaxPendingRequests": 270,
        },
        "confidence": "medium",
        "severity": "critical",
        "reasons": ("POOL_OVERFLOWED",),
        "message": "A pool refused 5,040 requests (3.000%); set: http2MaxRequests 20.",
        "evidence": pool_evidence(),
        "predicted": PoolPredicted(concurrency_p999_per_proxy=168.0, fraction_shed=0.0),
        "predicted_interval": {
            "concurrencyP999PerProxy": (160.0, 176.0),
            "fractionShed": (0.0, 0.0),
        },
        "backtest": pool_backtest(),
    }
    return PoolRecommendation(**(values | changes))


def pool_evidence(**changes: Any) -> PoolEvidence:
    values: dict[str, Any] = {
        "requests": 168_000.0,
        "protocol": "unknown",
        "method": "littles-law",
        "tries": 1.0045,
        "concurrency_client": 168.0,
        "client_low": 160.0,
        "client_high": 176.0,
        "concurrency_server": 97.0,
        "server_low": 93.0,
        "server_high": 102.0,
        "servers": 3,
        "clients": (
            PoolClient(
                workload="web", namespace="shop", proxies=2.0, busiest_rps=35.0, concurrency=168.0
            ),
            PoolClient(
                workload="batch", namespace="shop", proxies=None, busiest_rps=2.0, concurrency=5.0
            ),
        ),
        "hang_fills_seconds": 7.7,
        "hang_holds": 1_018.0,
        "overflows": 5_040.0,
        "coverage": 0.998,
    }
    return PoolEvidence(**(values | changes))


def pool_backtest(**changes: Any) -> PoolBacktest:
    values: dict[str, Any] = {
        "limit": 260,
        "concurrency_p999_per_proxy": 150.0,
        "fraction_shed": 0.0,
        "fraction_shed_interval": (0.0, 0.00002),
    }
    return PoolBacktest(**(PARTS | values | changes))


def outlier(service: str = "cart", **changes: Any) -> OutlierRecommendation:
    """Four errors in a row where nothing is set and a host failed alone."""
    about = changes.pop("target", None) or target(service)
    values: dict[str, Any] = {
        "id": f"outlierDetection/{about.path}",
        "target": about,
        "current": {"outlierDetection": None, "source": None},
        "proposed": {
            "consecutive5xxErrors": 4,
            "consecutiveGatewayErrors": None,
            "interval": "10s",
            "baseEjectionTime": "30s",
            "maxEjectionPercent": 25,
            "minHealthPercent": 75,
        },
        "confidence": "medium",
        "severity": "warning",
        "reasons": ("OUTLIER_NONE_SET", "HOST_FAILED_ALONE"),
        "message": "No outlier detection is set. A host failed alone once, for 3 h.",
        "evidence": outlier_evidence(),
        "predicted": OutlierPredicted(
            false_ejections_per_week=0.01,
            errors_avoided_fraction=0.98,
            seconds_to_eject=2.2,
        ),
        "predicted_interval": {
            "falseEjectionsPerWeek": (0.0, 0.04),
            "errorsAvoidedFraction": (0.96, 0.99),
        },
        "backtest": outlier_backtest(),
    }
    return OutlierRecommendation(**(values | changes))


def outlier_evidence(**changes: Any) -> OutlierEvidence:
    values: dict[str, Any] = {
        "requests": 168_000.0,
        "hosts": 5,
        "fewest_hosts": 4,
        "hosts_reported": True,
        "base_error_fraction": 0.001,
        "base_low": 0.0009,
        "base_high": 0.0012,
        "worst_hour_fraction": 0.004,
        "dependence": 0.05,
        "unseen_error_fraction": 0.006,
        "outage_fraction": 0.0,
        "worst_host_fraction": 0.88,
        "judged_by": "5xx",
        "client_proxies": 3.0,
        "requests_per_host_per_proxy": 1.8,
        "peak_to_capacity": 0.99,
        "episodes": Episodes(
            number=1, hosts=1, median_seconds=9_900.0, longest_seconds=9_900.0, errors=35_081.0
        ),
        "coverage": 0.998,
    }
    return OutlierEvidence(**(values | changes))


def outlier_backtest(**changes: Any) -> OutlierBacktest:
    values: dict[str, Any] = {
        "consecutive_errors": 4,
        "false_ejections": 0.01,
        "false_ejections_interval": (0.0, 0.03),
        "errors_avoided_fraction": 0.97,
    }
    return OutlierBacktest(**(PARTS | values | changes))
