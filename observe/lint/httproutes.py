"""HTTPRoutes of the Gateway API, as far as they touch timeouts and VirtualServices.

Their own definitions are checked by the Gateway API; whatever is not as expected is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from observe.export.hosts import resolve
from observe.lint.model import Finding, Rule
from observe.lint.objects import ConfigObject
from observe.lint.world import World, labels

HTTPROUTE_AND_VIRTUALSERVICE = Rule(
    "HTTPROUTE_AND_VIRTUALSERVICE", "warning", "an HTTPRoute and a VirtualService for one service"
)
HTTPROUTE_REQUEST_LOST = Rule(
    "HTTPROUTE_REQUEST_LOST", "warning", "backendRequest without retry replaces the request timeout"
)

RULES = (HTTPROUTE_AND_VIRTUALSERVICE, HTTPROUTE_REQUEST_LOST)


def check_http_routes(world: World) -> Iterator[Finding]:
    """Both, in all HTTPRoutes."""
    for item in world.of_kind("HTTPRoute"):
        yield from _mixed(item, world)
        yield from _lost(item)


def _mixed(item: ConfigObject, world: World) -> Iterator[Finding]:
    for parent in _mappings(item.spec.get("parentRefs")):
        if parent.get("kind") != "Service":
            continue
        namespace = str(parent.get("namespace") or item.namespace)
        for other in world.mesh_hosts.get(resolve(str(parent.get("name", "")), namespace), []):
            yield HTTPROUTE_AND_VIRTUALSERVICE.at(
                other,
                ("spec", "hosts"),
                f"{labels([item])} routes {parent.get('name')}, too: mixing the two for one "
                "service is not supported",
                "Move timeouts and retries into one of them.",
            )


def _lost(item: ConfigObject) -> Iterator[Finding]:
    for index, rule in enumerate(_mappings(item.spec.get("rules"))):
        timeouts = rule.get("timeouts")
        if not isinstance(timeouts, dict) or "retry" in rule:
            continue
        whole, each = timeouts.get("request"), timeouts.get("backendRequest")
        if whole and each and whole != each:
            yield HTTPROUTE_REQUEST_LOST.at(
                item,
                ("spec", "rules", index, "timeouts"),
                f"without retry Istio takes backendRequest {each} for the timeout of the whole "
                f"request, and request {whole} is lost; its default of "
                "retries still applies",
                "Add retry, or leave backendRequest out.",
            )


def _mappings(value: Any) -> list[dict[str, Any]]:
    """The items of a list that are mappings."""
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
