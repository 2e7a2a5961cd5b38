"""Istio's own rules for a VirtualService, checked before anything is written.

They mirror `istioctl validate` (pkg/config/validation/virtualservice.go and validation.go) for
the fields that matter to timeouts and retries; fields that are not listed here are not judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from observe.durations import parse_ms, shown
from observe.errors import InputError
from observe.export.existing import API_VERSIONS
from observe.export.existing_virtualservice import MESH
from observe.export.hosts import is_domain, is_host, is_label, overlap

RETRY_ON = frozenset(
    {"5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "retriable-4xx"}
    | {"refused-stream", "retriable-status-codes", "retriable-headers", "envoy-ratelimited"}
    | {"http3-post-connect-failure", "cancelled", "deadline-exceeded", "internal"}
    | {"resource-exhausted", "unavailable"}
)

#: The codes that Go's net/http has a text for; others are refused in retryOn.
HTTP_STATUS = frozenset(
    {*range(100, 104), *range(200, 209), 226, *range(300, 306), 307, 308}
    | {*range(400, 419), *range(421, 427), 428, 429, 431, 451, *range(500, 509), 510, 511}
)


def problems(data: dict[str, Any]) -> list[str]:
    """What Istio would refuse in a VirtualService, each as `field: what is wrong`."""
    spec = data.get("spec")
    found = list(_identity(data))
    if not isinstance(spec, dict):
        return [*found, "spec: a mapping is required"]
    found += _hosts(spec)
    if not any(spec.get(kind) for kind in ("http", "tcp", "tls")):
        found.append("spec: one of http, tcp and tls is required")
    for index, route in enumerate(spec.get("http") or []):
        found += (f"spec.http[{index}]{problem}" for problem in _http(route))
    return found


def _identity(data: dict[str, Any]) -> Iterator[str]:
    if data.get("apiVersion") not in API_VERSIONS:
        yield f"apiVersion: {shown(data.get('apiVersion'))} is not one of {', '.join(API_VERSIONS)}"
    if data.get("kind") != "VirtualService":
        yield f"kind: {shown(data.get('kind'))} is not VirtualService"
    metadata = data.get("metadata") or {}
    if not is_domain(str(metadata.get("name") or metadata.get("generateName") or "").rstrip("-")):
        yield f"metadata.name: {shown(metadata.get('name'))} is not a DNS-1123 name"
    namespace = metadata.get("namespace")
    if namespace is not None and not is_label(str(namespace)):
        yield f"metadata.namespace: {shown(namespace)} is not a DNS-1123 label"


def _hosts(spec: dict[str, Any]) -> Iterator[str]:
    hosts = [str(host) for host in spec.get("hosts") or []]
    gateways = spec.get("gateways") or [MESH]
    if not hosts and spec.get("gateways"):
        yield "spec.hosts: a delegate (no hosts) cannot be bound to a gateway"
    for host in hosts:
        if not is_host(_plain(host)):
            yield f"spec.hosts: {shown(host)} is neither a domain nor a wildcard"
        if host == "*" and MESH in gateways:
            yield "spec.hosts: '*' is not allowed in the mesh"
    for left, right in combinations(hosts, 2):
        if overlap(left, right):
            yield f"spec.hosts: {shown(left)} and {shown(right)} overlap"


def _http(route: Any) -> Iterator[str]:
    if not isinstance(route, dict):
        yield ": a mapping is required"
        return
    ways = [way for way in ("route", "redirect", "directResponse", "delegate") if route.get(way)]
    if not ways:
        yield ": one of route, redirect, directResponse and delegate is required"
    if len(ways) > 1:
        yield f": {' and '.join(ways)} exclude one another"
    yield from _destinations(route.get("route") or [])
    yield from _duration(route, "timeout")
    retries = route.get("retries")
    if isinstance(retries, dict):
        yield from (f".retries{problem}" for problem in _retries(retries))
    fault = route.get("fault")
    delay = fault.get("delay") if isinstance(fault, dict) else None
    if isinstance(delay, dict):
        yield from (f".fault.delay{problem}" for problem in _duration(delay, "fixedDelay"))


def _destinations(routes: list[Any]) -> Iterator[str]:
    weights = []
    for index, item in enumerate(routes):
        destination = item.get("destination") if isinstance(item, dict) else None
        host = destination.get("host") if isinstance(destination, dict) else None
        if not isinstance(host, str) or not is_domain(_plain(host)):
            yield f".route[{index}].destination.host: {shown(host)} is not a host"
        weight = item.get("weight", 0) if isinstance(item, dict) else 0
        weights.append(weight)
        if not isinstance(weight, int) or weight < 0:
            yield f".route[{index}].weight: {shown(weight)} is not a number from 0"
    if len(routes) > 1 and not any(weights):
        yield ".route: the weights sum up to 0"


def _retries(retries: dict[str, Any]) -> Iterator[str]:
    attempts = retries.get("attempts", 0)
    if not isinstance(attempts, int) or attempts < 0:
        yield f".attempts: {shown(attempts)} is not a number from 0"
    elif attempts == 0:
        for field in ("perTryTimeout", "retryOn", "retryRemoteLocalities"):
            if field in retries:
                yield f".{field}: set although attempts is 0 (retries disabled)"
    yield from _duration(retries, "perTryTimeout")
    yield from _duration(retries, "backoff")
    # split at commas without trimming, as Istio does: "503, reset" is refused there too
    for token in str(retries.get("retryOn") or "").split(",") if retries.get("retryOn") else []:
        if not retry_condition(token):
            yield f".retryOn: {shown(token)} is not a retry condition"


def retry_condition(token: str) -> bool:
    """Whether a text is a condition or a status code that `retryOn` may name."""
    code = token.isascii() and token.isdecimal() and int(token) in HTTP_STATUS
    return token in RETRY_ON or code


def _duration(data: dict[str, Any], field: str) -> Iterator[str]:
    if data.get(field) is None:
        return
    try:
        parse_ms(data[field])
    except InputError as error:
        yield f".{field}: {error.message}"


def _plain(host: str) -> str:
    """A host as the DNS compares it: Istio allows capitals and a full stop at the end."""
    return host.lower().removesuffix(".")
