"""Advice made by hand, and a snapshot that goes with it, for tests of the report."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from handmade import START, Call, snapshot

from observe.recommend.base_model import Recommendation
from observe.recommend.model import Advice, Target, Withheld
from observe.recommend.timeout_model import (
    Caller,
    TimeoutBacktest,
    TimeoutEvidence,
    TimeoutPredicted,
    TimeoutRecommendation,
)
from observe.telemetry.manifest import Source
from observe.telemetry.snapshot import Snapshot

HOURS = 168
CART = (100, 800, 95, 4, 1)


def week(*services: str) -> Snapshot:
    """Each service is called 1,000 times an hour; a tenth is slower than 100 ms."""
    names = services or ("cart",)
    return snapshot([Call("web", name, CART) for name in names], hours=HOURS)


def target(service: str = "cart", namespace: str = "shop", cluster: str | None = "east") -> Target:
    host = f"{service}.{namespace}.svc.cluster.local"
    return Target(cluster=cluster, namespace=namespace, service=host)


def evidence(**changes: Any) -> TimeoutEvidence:
    values: dict[str, Any] = {
        "requests": 168_000.0,
        "quantile": 0.999,
        "estimate_ms": 640.0,
        "low_ms": 588.0,
        "high_ms": 731.0,
        "bracket_low_ms": 500.0,
        "bracket_high_ms": 1000.0,
        "busy_hours": 17,
        "busy_requests": 17_000.0,
        "week_estimate_ms": 610.0,
        "median_ms": 42.0,
        "censored_fraction": 0.0,
        "design_effect": 1.2,
        "coverage": 0.998,
    }
    return TimeoutEvidence(**(values | changes))


def recommendation(service: str = "cart", **changes: Any) -> TimeoutRecommendation:
    """A timeout of 850 ms where none is set; 0.05 % of requests cut, 88 a day."""
    about = changes.pop("target", None) or target(service)
    values: dict[str, Any] = {
        "id": f"timeout/{about.path}",
        "kind": "timeout",
        "target": about,
        "current": {"timeout": None, "source": "shop/cart.yaml:3"},
        "proposed": {"timeout": "850ms"},
        "confidence": "high",
        "severity": "warning",
        "reasons": ("TIMEOUT_NONE_SET",),
        "message": "No timeout is set: a hung call holds its caller for ever.",
        "evidence": evidence(),
        "predicted": TimeoutPredicted(fraction_cut=0.0005, requests_cut_per_day=88.0),
        "predicted_interval": {"fractionCut": (0.0003, 0.0008)},
        "backtest": backtest(),
    }
    return TimeoutRecommendation(**(values | changes))


def backtest(**changes: Any) -> TimeoutBacktest:
    middle = START + timedelta(hours=118)
    values: dict[str, Any] = {
        "trained_on": (START, middle),
        "tested_on": (middle, START + timedelta(hours=HOURS)),
        "timeout": "900ms",
        "fraction_cut": 0.0006,
        "fraction_cut_interval": (0.0004, 0.0009),
    }
    return TimeoutBacktest(**(values | changes))


def caller(workload: str, **changes: Any) -> Caller:
    values: dict[str, Any] = {
        "workload": workload,
        "namespace": "shop",
        "requests": 1_000.0,
        "estimate_ms": 640.0,
        "fraction_cut": 0.001,
    }
    return Caller(**(values | changes))


def withheld(service: str = "ledger", **changes: Any) -> Withheld:
    values: dict[str, Any] = {
        "kind": "timeout",
        "target": target(service),
        "reason": "TOO_FEW_REQUESTS",
        "message": "812 requests in 7 days; 3,000 are needed to judge a p99.9",
    }
    return Withheld(**(values | changes))


def advice(
    *recommendations: Recommendation, telemetry: Snapshot | None = None, **changes: Any
) -> Advice:
    manifest = (telemetry or week()).manifest
    values: dict[str, Any] = {
        "generated_at": manifest.created_at,
        "window": manifest.window,
        "source": Source(kind="prometheus", url="http://prometheus.example:9090", coverage=0.998),
        "recommendations": recommendations,
    }
    return Advice(**(values | changes))
