"""Istio's own rules for a DestinationRule beyond fields and types.

They mirror Istio's pkg/config/validation/validation.go; the linter tells their breaches one by one,
the exporter refuses to write an object that breaks one.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

from observe.export.changes import FieldChange
from observe.export.existing_destinationrule import ExistingDestinationRule
from observe.export.merge import put
from observe.export.yaml_io import YamlPath


def contradictions(policy: dict[str, Any]) -> Iterator[tuple[YamlPath, str]]:
    """Fields of a trafficPolicy or a port's settings that exclude one another, with their place."""
    outlier, pool = policy.get("outlierDetection") or {}, policy.get("connectionPool") or {}
    http, balancer = pool.get("http") or {}, policy.get("loadBalancer") or {}
    local = outlier.get("consecutiveLocalOriginFailures") or 0
    said = {
        ("outlierDetection", "consecutiveLocalOriginFailures"): (
            local > 0 and not outlier.get("splitExternalLocalOriginErrors", False),
            f"consecutiveLocalOriginFailures is {local} without splitExternalLocalOriginErrors",
        ),
        ("connectionPool", "http", "useClientProtocol"): (
            http.get("useClientProtocol", False) and http.get("h2UpgradePolicy") == "UPGRADE",
            "h2UpgradePolicy UPGRADE and useClientProtocol exclude one another",
        ),
        ("connectionPool", "http", "http2KeepAlive"): (
            len(http.get("http2KeepAlive", {"interval": 0, "timeout": 0})) < 2,
            "http2KeepAlive needs both interval and timeout",
        ),
        ("loadBalancer", "zoneAwareLbSetting"): (
            "zoneAwareLbSetting" in balancer and "localityLbSetting" in balancer,
            "localityLbSetting and zoneAwareLbSetting exclude one another",
        ),
        ("loadBalancer", "warmup"): (
            "warmup" in balancer and "duration" not in balancer["warmup"],
            "warmup has no duration",
        ),
    }
    yield from ((field, words) for field, (breach, words) in said.items() if breach)


def rule_problems_after(rule: ExistingDestinationRule, fields: Iterable[FieldChange]) -> list[str]:
    """What Istio would refuse in the trafficPolicy of a rule with these fields changed."""
    policy = copy.deepcopy(rule.policy)
    for field in fields:
        put(policy, field)
    return [
        f"trafficPolicy.{'.'.join(map(str, path))}: {words}"
        for path, words in contradictions(policy)
    ]
