"""One alerting rule as Prometheus reads it, the same shape for all of ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from observe.bootstrap.rules.model import Alert

Tier = Literal["edge", "external"]


def alert(
    name: str,
    expression: str,
    *,
    summary: str,
    description: str,
    severity: str,
    pending: str = "5m",
    tier: Tier = "external",
    labels: dict[str, str] | None = None,
) -> Alert:
    """A rule with the labels and annotations that every alert has; `linked` adds `runbook_url`.

    Args:
        name: CamelCase, beginning with Istio or Observe.
        expression: PromQL; the label `cluster` must survive it.
        summary: one line: what is wrong and where.
        description: the number with its unit, what it is compared with, what it means.
        severity: critical wakes someone, warning waits for the working day, info is looked at
            together with others.
        pending: how long the expression must hold.
        tier: which tier's Prometheus evaluates it.
        labels: more labels.
    """
    return Alert(
        name,
        expression,
        for_=pending,
        labels={"severity": severity, "tier": tier} | (labels or {}),
        annotations={
            "summary": summary,
            "description": description,
        },
    )


def linked(alerts: Sequence[Alert], page: str) -> list[Alert]:
    """Each alert with its `runbook_url`: its section of a page, as web pages name sections."""
    return [
        replace(
            rule, annotations={**rule.annotations, "runbook_url": f"{page}#{rule.name.lower()}"}
        )
        for rule in alerts
    ]


def percent(share: float) -> str:
    """A share in words: 0.001 becomes `0.1 %`."""
    return f"{share * 100:.10g} %"
