"""New objects for a host that has none: a VirtualService, a DestinationRule.

A VirtualService without `retries` keeps the mesh's default retry policy (two more attempts on
failures that happen before a request is processed), and the route timeout covers all tries
together. A DestinationRule in the service's namespace is found by the clients of all namespaces.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from observe.export.existing import API_GROUP
from observe.export.hosts import is_label, short_name
from observe.export.provenance import MANAGED_BY

_PREFIX = "observe-"
_LONGEST = 63


def object_name(host: str, namespace: str, taken: Collection[str] = ()) -> str:
    """A DNS-1123 label for the object of a host: `observe-payment`.

    Names that had to be cut or changed end in a digest of the host; names that are taken are
    numbered.
    """
    short = short_name(host, namespace)
    name = _PREFIX + short
    if not is_label(name):
        digest = hashlib.sha256(host.encode()).hexdigest()[:8]
        kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in short.lower())
        name = f"{_PREFIX}{kept[: _LONGEST - len(_PREFIX) - 9].strip('-')}-{digest}"
    number, free = 2, name
    while free in taken:
        suffix = f"-{number}"
        free = name[: _LONGEST - len(suffix)].rstrip("-") + suffix
        number += 1
    return free


def virtual_service(
    host: str,
    namespace: str,
    fields: dict[str, Any],
    annotations: dict[str, str],
    *,
    name: str,
    api_version: str = "v1",
) -> dict[str, Any]:
    """A VirtualService with one http route that sends everything to the host.

    Args:
        host: full name of the service.
        namespace: namespace of the service; the object lives there.
        fields: what the route says besides: `timeout`, `retries`.
        annotations: see `provenance`.
        name: see `object_name`.
        api_version: `v1` (served since Istio 1.22) or `v1beta1`.
    """
    route = {"route": [{"destination": {"host": host}}], **fields}
    spec = {"hosts": [host], "http": [route]}
    return _object("VirtualService", name, namespace, annotations, spec, api_version)


def destination_rule(
    host: str,
    namespace: str,
    policy: dict[str, Any],
    annotations: dict[str, str],
    *,
    name: str,
    api_version: str = "v1",
) -> dict[str, Any]:
    """A DestinationRule that sets a trafficPolicy for all traffic to the host.

    Args:
        host: full name of the service.
        namespace: namespace of the service; the object lives there, where all clients find it.
        policy: the `trafficPolicy`.
        annotations: see `provenance`.
        name: see `object_name`.
        api_version: `v1` (served since Istio 1.22) or `v1beta1`.
    """
    spec = {"host": host, "trafficPolicy": policy}
    return _object("DestinationRule", name, namespace, annotations, spec, api_version)


def _object(
    kind: str,
    name: str,
    namespace: str,
    annotations: dict[str, str],
    spec: dict[str, Any],
    api_version: str,
) -> dict[str, Any]:
    return {
        "apiVersion": f"{API_GROUP}/{api_version}",
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": dict(MANAGED_BY),
            "annotations": dict(annotations),
        },
        "spec": spec,
    }
