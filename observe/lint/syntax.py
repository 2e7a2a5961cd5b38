"""What Istio's own validation refuses, beyond fields and types.

The rules of a VirtualService are those that the exporter checks before it writes
(`observe.export.validate`); those of a DestinationRule mirror Istio's
pkg/config/validation/validation.go.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from observe.durations import shown
from observe.export.existing import API_VERSIONS
from observe.export.hosts import is_host
from observe.export.validate import problems
from observe.export.validate_rule import contradictions
from observe.export.yaml_io import YamlPath
from observe.lint.model import Finding, Rule
from observe.lint.objects import ConfigObject

RETRIES_OFF_WITH_FIELDS = Rule(
    "RETRIES_OFF_WITH_FIELDS", "critical", "attempts is 0 or missing, and other fields are set"
)
RETRIES_OFF_UNSAID = Rule(
    "RETRIES_OFF_UNSAID", "warning", "a retries block without attempts turns retries off"
)
INVALID_RETRY_ON = Rule("INVALID_RETRY_ON", "critical", "a retry condition that Istio refuses")
EMPTY_BLOCK = Rule("EMPTY_BLOCK", "critical", "a block that says nothing, which Istio refuses")
INVALID_OBJECT = Rule("INVALID_OBJECT", "critical", "anything else that Istio refuses")

RULES = (
    RETRIES_OFF_WITH_FIELDS,
    RETRIES_OFF_UNSAID,
    INVALID_RETRY_ON,
    EMPTY_BLOCK,
    INVALID_OBJECT,
)

_REFUSED = "Correct it: istiod's validation refuses the whole object."
_BLOCKS = ("connectionPool", "loadBalancer", "outlierDetection", "tls")
_POLICY = (*_BLOCKS, "portLevelSettings", "tunnel", "proxyProtocol", "retryBudget")


def check_virtual_service(item: ConfigObject) -> Iterator[Finding]:
    """What validation refuses in a VirtualService whose structure is right."""
    off = set()
    for problem in problems(item.data):
        field, _, words = problem.partition(": ")
        path = _path_of(field)
        if path[-1:] == ("retryOn",) and "retry condition" in words:
            yield _retry_on(item, path, words)
        elif "although attempts is 0" in words:
            off.add(path[:-1])
        else:
            yield INVALID_OBJECT.at(item, path, f"{field}: {words}", _REFUSED)
    for index, route in enumerate(item.spec.get("http", [])):
        path = ("spec", "http", index, "retries")
        if path in off:
            yield _off(item, path, route["retries"])
        elif "retries" in route and "attempts" not in route["retries"]:
            yield RETRIES_OFF_UNSAID.at(
                item,
                path,
                f"retries of http[{index}] has no attempts, which counts as 0: nothing is retried, "
                "not even what Istio retries where retries is left out",
                "Write attempts: 0 to say so, or the number of retries that is meant.",
            )


def _off(item: ConfigObject, path: YamlPath, retries: dict[str, Any]) -> Finding:
    extra = [f for f in ("perTryTimeout", "retryOn", "retryRemoteLocalities") if f in retries]
    said = "attempts is 0" if "attempts" in retries else "attempts is missing, which counts as 0"
    return RETRIES_OFF_WITH_FIELDS.at(
        item,
        (*path, "attempts") if "attempts" in retries else (*path, extra[0]),
        f"retries of http[{path[2]}]: {said} (no retries), and {', '.join(extra)} is set; Istio "
        "refuses that",
        "Set attempts to 1 or more, or remove the other fields.",
    )


def _retry_on(item: ConfigObject, path: YamlPath, words: str) -> Finding:
    written = str(item.spec["http"][path[2]]["retries"]["retryOn"])
    trimmed = ",".join(part.strip() for part in written.split(","))
    spaces = " Istio does not trim spaces." if trimmed != written else ""
    return INVALID_RETRY_ON.at(
        item,
        path,
        f"retryOn: {words}.{spaces}".removesuffix("."),
        f"Write {trimmed!r} if that is what is meant; the conditions are listed on the page."
        if spaces
        else "Use a condition of Envoy's or an HTTP status code, joined by commas alone.",
    )


def check_destination_rule(item: ConfigObject) -> Iterator[Finding]:
    """What validation refuses in a DestinationRule whose structure is right."""
    version, host = item.data.get("apiVersion"), str(item.spec.get("host", ""))
    if version not in API_VERSIONS:
        known = ", ".join(API_VERSIONS)
        words = f"apiVersion: {shown(version)} is not one of {known}"
        yield INVALID_OBJECT.at(item, ("apiVersion",), words, _REFUSED)
    if not is_host(host.lower().removesuffix(".")):
        yield INVALID_OBJECT.at(
            item, ("spec", "host"), f"{shown(host)} is neither a domain nor a wildcard", _REFUSED
        )
    yield from _subsets(item)
    for path, policy in policies(item):
        yield from _empty(item, path, policy)
        yield from _contradictions(item, path, policy)


def _subsets(item: ConfigObject) -> Iterator[Finding]:
    names = [str(subset.get("name", "")) for subset in item.spec.get("subsets", [])]
    for index, name in enumerate(names):
        path = ("spec", "subsets", index, "name")
        if not name:
            yield INVALID_OBJECT.at(item, path, f"subset {index} has no name", _REFUSED)
        elif name in names[:index]:
            yield INVALID_OBJECT.at(
                item, path, f"{Counter(names)[name]} subsets have the name {shown(name)}", _REFUSED
            )


def policies(item: ConfigObject) -> Iterator[tuple[YamlPath, dict[str, Any]]]:
    """Every trafficPolicy and port policy of a DestinationRule, with its path."""
    places: list[tuple[YamlPath, dict[str, Any]]] = [(("spec",), item.spec)]
    places += [(("spec", "subsets", i), s) for i, s in enumerate(item.spec.get("subsets", []))]
    for place, holder in places:
        if "trafficPolicy" not in holder:
            continue
        path, policy = (*place, "trafficPolicy"), holder["trafficPolicy"]
        yield path, policy
        for index, port in enumerate(policy.get("portLevelSettings", [])):
            yield (*path, "portLevelSettings", index), port


def _empty(item: ConfigObject, path: YamlPath, policy: dict[str, Any]) -> Iterator[Finding]:
    is_port = "portLevelSettings" in path
    needed = _BLOCKS if is_port else _POLICY
    if not any(block in policy for block in needed):
        where = "portLevelSettings" if is_port else "trafficPolicy"
        yield EMPTY_BLOCK.at(
            item, path, f"{where} sets nothing", f"Set one of {', '.join(needed)}, or remove it."
        )
    if is_port and not policy.get("port", {}).get("number"):
        yield EMPTY_BLOCK.at(
            item, path, "portLevelSettings names no port", "Add port.number, or remove the entry."
        )
    pool = policy.get("connectionPool")
    if pool is not None and not ("http" in pool or "tcp" in pool):
        yield EMPTY_BLOCK.at(
            item,
            (*path, "connectionPool"),
            "connectionPool has neither http nor tcp",
            "Add the limits, or remove the block.",
        )


def _contradictions(
    item: ConfigObject, path: YamlPath, policy: dict[str, Any]
) -> Iterator[Finding]:
    for field, words in contradictions(policy):
        yield INVALID_OBJECT.at(item, (*path, *field), words, _REFUSED)


def _path_of(field: str) -> YamlPath:
    """`spec.http[0].timeout` as a path."""
    parts = re.findall(r"[^.\[\]]+|\[\d+\]", field)
    return tuple(int(p[1:-1]) if p.startswith("[") else p for p in parts)
