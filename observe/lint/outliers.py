"""Outlier detection that can do nothing, or too much."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from observe.export.yaml_io import YamlPath
from observe.lint.model import Finding, Rule
from observe.lint.objects import ConfigObject
from observe.lint.syntax import policies
from observe.lint.world import World, full_host, spellings

OUTLIER_EJECTS_NOBODY = Rule(
    "OUTLIER_EJECTS_NOBODY", "warning", "maxEjectionPercent is less than one host"
)
OUTLIER_EJECTS_ALL = Rule("OUTLIER_EJECTS_ALL", "warning", "every host can be ejected at once")
PANIC_UNDOES_EJECTION = Rule(
    "PANIC_UNDOES_EJECTION", "warning", "minHealthPercent brings ejected hosts back"
)
OUTLIER_NEVER_TRIGGERS = Rule(
    "OUTLIER_NEVER_TRIGGERS", "warning", "outlierDetection counts no errors at all"
)
GATEWAY_ERRORS_INERT = Rule(
    "GATEWAY_ERRORS_INERT", "warning", "consecutiveGatewayErrors never comes into play"
)

RULES = (
    OUTLIER_EJECTS_NOBODY,
    OUTLIER_EJECTS_ALL,
    PANIC_UNDOES_EJECTION,
    OUTLIER_NEVER_TRIGGERS,
    GATEWAY_ERRORS_INERT,
)

#: Istio's defaults where the block is set (pilot/pkg/networking/core/cluster_traffic_policy.go).
_MAX_EJECTION = 10
_CONSECUTIVE_5XX = 5
#: A percent that needs more hosts than this is questionable when their number is not known.
_USUAL_HOSTS = 3


def check_outliers(world: World, replicas: Mapping[str, int]) -> Iterator[Finding]:
    """All of these.

    Args:
        world: the objects.
        replicas: full host → hosts behind it at their fewest, where that is known.
    """
    for item in world.destination_rules:
        host = full_host(str(item.spec.get("host", "")), item)
        hosts = next((replicas[h] for h in replicas if host in spellings(h)), None)
        for path, policy in policies(item):
            if "outlierDetection" in policy:
                at: YamlPath = (*path, "outlierDetection")
                block = policy["outlierDetection"]
                # a subset is a part of the hosts, and which part is not known
                known = hosts if "subsets" not in path else None
                yield from _percents(item, at, block, known)
                yield from _triggers(item, at, block)


def _percents(
    item: ConfigObject, path: YamlPath, block: dict[str, Any], hosts: int | None
) -> Iterator[Finding]:
    percent = block.get("maxEjectionPercent") or _MAX_EJECTION
    at = (*path, "maxEjectionPercent")
    needed = math.ceil(100 / percent)
    said = f"maxEjectionPercent {'is' if block.get('maxEjectionPercent') else 'defaults to'}"
    health = block.get("minHealthPercent", 0)
    can_eject = hosts is None or hosts >= needed
    if not can_eject or (hosts is None and needed > _USUAL_HOSTS):
        have = f"there are {hosts}" if hosts is not None else "with fewer it ejects nobody"
        enough = math.ceil(100 / hosts) if hosts else 34
        yield OUTLIER_EJECTS_NOBODY.at(
            item,
            at,
            f"{said} {percent} %, which is one host of {needed} or more; {have}",
            f"Set maxEjectionPercent to {min(enough, 100)} or more"
            + (", so that one host may go." if hosts else ", as the number of hosts demands."),
            None if hosts is not None else "info",
        )
        return
    if percent == 100 or (hosts is not None and hosts * percent // 100 >= hosts):
        yield from _all(item, at, health, hosts)
    yield from _panic(item, (*path, "minHealthPercent"), health, percent, hosts)


def _all(item: ConfigObject, path: YamlPath, health: int, hosts: int | None) -> Iterator[Finding]:
    if health == 0:
        alone = f"; there {'is' if hosts == 1 else 'are'} {hosts}" if hosts is not None else ""
        yield OUTLIER_EJECTS_ALL.at(
            item,
            path,
            f"all hosts can be ejected at once{alone}, and with minHealthPercent 0 every request "
            "then ends in 503",
            "Set maxEjectionPercent to what the rest can carry, such as 50, or minHealthPercent.",
        )


def _panic(
    item: ConfigObject, path: YamlPath, health: int, percent: int, hosts: int | None
) -> Iterator[Finding]:
    if health == 0:
        return
    if hosts is not None:
        left = 100 * (hosts - 1) / hosts
        if left < health:
            yield PANIC_UNDOES_EJECTION.at(
                item,
                path,
                f"after one ejection {left:.0f} % of the {hosts} hosts are healthy, less than "
                f"minHealthPercent {health}: all get traffic again, the ejected one too",
                f"Set minHealthPercent to {math.floor(left)} or less.",
            )
    elif health > 100 - percent:
        yield PANIC_UNDOES_EJECTION.at(
            item,
            path,
            f"minHealthPercent {health} is above 100 - maxEjectionPercent {percent}: before that "
            "many hosts are ejected, all get traffic again, the ejected ones too",
            f"Set minHealthPercent to {100 - percent} or less.",
            None if health == 100 else "info",
        )


def _triggers(item: ConfigObject, path: YamlPath, block: dict[str, Any]) -> Iterator[Finding]:
    errors = block.get("consecutive5xxErrors", block.get("consecutiveErrors", _CONSECUTIVE_5XX))
    gateway = block.get("consecutiveGatewayErrors", 0)
    local = block.get("splitExternalLocalOriginErrors", False)
    if errors == 0 and gateway == 0 and not local:
        yield OUTLIER_NEVER_TRIGGERS.at(
            item,
            (*path, "consecutive5xxErrors"),
            "consecutive5xxErrors is 0 (off) and consecutiveGatewayErrors is not set: no host is "
            "ever ejected",
            "Set one of them, or remove outlierDetection.",
        )
    if 0 < errors <= gateway:
        default = "" if "consecutive5xxErrors" in block else " (the default)"
        yield GATEWAY_ERRORS_INERT.at(
            item,
            (*path, "consecutiveGatewayErrors"),
            f"consecutiveGatewayErrors {gateway} is not below consecutive5xxErrors {errors}"
            f"{default}, which counts the same errors and strikes first",
            f"Set consecutiveGatewayErrors below {errors}, or consecutive5xxErrors to 0.",
        )
