"""Advice and VirtualServices that the tests of the export share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from observe.export.current import Current, read_current
from observe.recommend.model import Advice, Withheld
from observe.recommend.timeout_model import TimeoutEvidence, TimeoutPredicted, TimeoutRecommendation
from observe.target import Target
from observe.telemetry.manifest import Source, Window

PAYMENT = "payment.shop.svc.cluster.local"


def recommendation(
    service: str = PAYMENT,
    *,
    timeout: str = "850ms",
    cluster: str | None = "east",
    namespace: str = "shop",
    current: str | None = None,
    known: bool = False,
    **fields: Any,
) -> TimeoutRecommendation:
    """A timeout; `current` is what was set, `known` that an object without one was there."""
    target = Target(cluster=cluster, namespace=namespace, service=service)
    given: dict[str, Any] = {
        "id": f"timeout/{target.path}",
        "kind": "timeout",
        "target": target,
        "current": {"timeout": current, "source": "vs.yaml:1"} if current or known else None,
        "proposed": {"timeout": timeout},
        "confidence": "high",
        "severity": "warning",
        "reasons": ("TIMEOUT_NONE_SET",),
        "message": f"Nothing limits a call of {service}.",
        "evidence": evidence(),
        "predicted": TimeoutPredicted(fraction_cut=0.0005, requests_cut_per_day=88.0),
    }
    return TimeoutRecommendation(**(given | fields))


def evidence() -> TimeoutEvidence:
    """Evidence of a plain service."""
    return TimeoutEvidence(
        requests=1_234_567.0,
        quantile=0.999,
        estimate_ms=640.0,
        low_ms=588.0,
        high_ms=731.0,
        bracket_low_ms=500.0,
        bracket_high_ms=1000.0,
        busy_hours=17,
        busy_requests=180_000.0,
        week_estimate_ms=610.0,
        median_ms=42.0,
        censored_fraction=0.0,
        design_effect=1.3,
        coverage=0.998,
    )


def advice(*recommendations: TimeoutRecommendation, withheld: tuple[Withheld, ...] = ()) -> Advice:
    """Advice about one week."""
    return Advice(
        generated_at=datetime(2026, 11, 22, 6, tzinfo=UTC),
        window=Window(
            start=datetime(2026, 11, 15, tzinfo=UTC),
            end=datetime(2026, 11, 22, tzinfo=UTC),
            step_seconds=300,
            coarse_step_seconds=3600,
        ),
        source=Source(),
        recommendations=recommendations,
        withheld=withheld,
    )


def current_of(folder: Path, files: dict[str, str]) -> Current:
    """What is there after writing these files below a folder."""
    for name, text in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())
    return read_current(folder)


def virtual_service(
    http: str, *, hosts: str = "[payment]", name: str = "payment", more: str = ""
) -> str:
    """A VirtualService in `shop` around the YAML of its http routes (indented by two)."""
    return (
        "apiVersion: networking.istio.io/v1\n"
        "kind: VirtualService\n"
        f"metadata:\n  name: {name}\n  namespace: shop\n"
        f"spec:\n  hosts: {hosts}\n{more}  http:\n{http}"
    )


ROUTE = "  - route:\n    - destination: {host: payment}\n"


def destination_rule(
    spec: str, *, host: str = "payment", name: str = "payment", namespace: str | None = "shop"
) -> str:
    """A DestinationRule around the YAML of its spec beside `host` (indented by two)."""
    where = f"  namespace: {namespace}\n" if namespace else ""
    return (
        "apiVersion: networking.istio.io/v1\n"
        "kind: DestinationRule\n"
        f"metadata:\n  name: {name}\n{where}"
        f'spec:\n  host: "{host}"\n{spec}'
    )
