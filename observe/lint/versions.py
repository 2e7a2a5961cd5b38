"""What depends on the release of Istio: fields it lacks, fields that go, and its bugs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from observe.export.releases import (
    Release,
    default_budget_is_tiny,
    refuses_budget_alone,
    subsets_lose_budget,
)
from observe.export.yaml_io import YamlPath
from observe.lint.fields import DEPRECATED, SINCE
from observe.lint.model import Finding, Rule
from observe.lint.objects import ConfigObject
from observe.lint.structure import dotted

NEEDS_NEWER_ISTIO = Rule(
    "NEEDS_NEWER_ISTIO", "critical", "a field that this release of Istio does not have yet"
)
DEPRECATED_FIELD = Rule("DEPRECATED_FIELD", "warning", "a field that Istio has replaced")
RETRY_BUDGET_DEFAULT = Rule(
    "RETRY_BUDGET_DEFAULT", "warning", "a retryBudget without percent, whose default was wrong"
)
RETRY_BUDGET_DROPPED = Rule(
    "RETRY_BUDGET_DROPPED", "warning", "a retryBudget that a subset's policy makes ineffective"
)
RETRY_BUDGET_ALONE = Rule(
    "RETRY_BUDGET_ALONE", "critical", "a trafficPolicy of nothing but retryBudget on 1.27.0"
)

RULES = (
    NEEDS_NEWER_ISTIO,
    DEPRECATED_FIELD,
    RETRY_BUDGET_DEFAULT,
    RETRY_BUDGET_DROPPED,
    RETRY_BUDGET_ALONE,
)

#: The release that began to serve networking.istio.io/v1.
_V1 = (1, 22)


def check_versions(item: ConfigObject, release: Release | None) -> Iterator[Finding]:
    """What a release makes of an object; an unknown release may have every bug and every field."""
    version = str(item.data.get("apiVersion"))
    if release and release.minor < _V1 and version.endswith("/v1"):
        yield _too_new(item, ("apiVersion",), version, _V1, release)
    for path in _paths(item.spec, ("spec",)):
        names = tuple(part for part in path if isinstance(part, str))[-2:]
        since, instead = SINCE.get(names), DEPRECATED.get(names)
        if since and release and release.minor < since:
            yield _too_new(item, path, dotted(path), since, release)
        if instead:
            yield DEPRECATED_FIELD.at(
                item, path, f"{dotted(path)} is deprecated", f"Use {instead} instead."
            )
    if item.kind == "DestinationRule":
        yield from _budgets(item, release)


def _too_new(
    item: ConfigObject, path: YamlPath, what: str, since: tuple[int, int], release: Release
) -> Finding:
    return NEEDS_NEWER_ISTIO.at(
        item,
        path,
        f"{what} exists since Istio {since[0]}.{since[1]}, and this is {release}: it is refused or "
        "dropped",
        f"Remove it, or upgrade to {since[0]}.{since[1]} first.",
    )


def _paths(value: Any, path: YamlPath) -> Iterator[YamlPath]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key)
            yield from _paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _paths(item, (*path, index))


def _budgets(item: ConfigObject, release: Release | None) -> Iterator[Finding]:
    subsets = item.spec.get("subsets", [])
    top = item.spec.get("trafficPolicy", {})
    places: list[tuple[YamlPath, dict[str, Any]]] = [(("spec", "trafficPolicy"), top)]
    places += [
        (("spec", "subsets", index, "trafficPolicy"), subset.get("trafficPolicy", {}))
        for index, subset in enumerate(subsets)
    ]
    for place, policy in places:
        if "retryBudget" in policy:
            yield from _budget(item, (*place, "retryBudget"), policy, release)
    if not subsets_lose_budget(release):
        return
    when = "" if release else ", in releases before 1.29.2"
    for place, policy in places[1:]:
        name = subsets[int(place[2])].get("name", "")
        if "retryBudget" in policy or ("retryBudget" in top and policy):
            own = "retryBudget" in policy
            yield RETRY_BUDGET_DROPPED.at(
                item,
                (*place, "retryBudget") if own else ("spec", "trafficPolicy", "retryBudget"),
                f"the retryBudget {'of' if own else 'does not reach'} subset {name}"
                + (" is ignored" if own else ", which has a trafficPolicy of its own")
                + f"{when} (istio#59667): its retries are not bounded",
                "Upgrade to 1.29.2 or later, or bound the subset's retries by maxRetries.",
                None if release else "info",
            )


def _budget(
    item: ConfigObject, path: YamlPath, policy: dict[str, Any], release: Release | None
) -> Iterator[Finding]:
    if "percent" not in policy["retryBudget"] and default_budget_is_tiny(release):
        where = f"Istio {release}" if release else "1.27, 1.28 to 1.28.5 and 1.29 to 1.29.1"
        yield RETRY_BUDGET_DEFAULT.at(
            item,
            path,
            f"retryBudget has no percent, and the default of {where} is 0.2 instead of 20 "
            "(istio#59504): next to no retry is allowed",
            "Write percent: 20, or the share that is meant.",
        )
    if refuses_budget_alone(release) and len(policy) == 1:
        yield RETRY_BUDGET_ALONE.at(
            item,
            path,
            "Istio 1.27.0 refuses a trafficPolicy that holds nothing but retryBudget",
            "Upgrade to 1.27.1, or add another block such as connectionPool.",
        )
