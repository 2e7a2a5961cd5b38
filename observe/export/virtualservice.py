"""A new VirtualService that sets one timeout, for a host that has none.

It holds no `retries`: a VirtualService without them keeps the mesh's default retry policy
(two more attempts on failures that happen before a request is processed), and the route timeout
covers all tries together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from observe.durations import format_ms
from observe.export.existing import API_GROUP
from observe.export.hosts import is_label, short_name
from observe.recommend.model import SCHEMA_VERSION, Advice
from observe.recommend.timeout_model import TimeoutRecommendation

#: Prefix of the annotations that say where a value comes from.
ANNOTATION = "mesh-observe.dev"
MANAGED_BY = {"app.kubernetes.io/managed-by": "mesh-observe"}
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


def provenance(advice: Advice, recommendation: TimeoutRecommendation) -> dict[str, str]:
    """Annotations that lead from an object back to the numbers behind it."""
    window = advice.window
    return {
        f"{ANNOTATION}/schema-version": SCHEMA_VERSION,
        f"{ANNOTATION}/recommendation": recommendation.id,
        f"{ANNOTATION}/window": f"{window.start.isoformat()}/{window.end.isoformat()}",
        f"{ANNOTATION}/confidence": recommendation.confidence,
        f"{ANNOTATION}/reasons": ",".join(recommendation.reasons),
    }


def virtual_service(
    host: str,
    namespace: str,
    timeout_ms: int,
    annotations: dict[str, str],
    *,
    name: str,
    api_version: str = "v1",
) -> dict[str, Any]:
    """A VirtualService with one http route that sends everything to the host.

    Args:
        host: full name of the service.
        namespace: namespace of the service; the object lives there.
        timeout_ms: whole milliseconds, at least 1.
        annotations: see `provenance`.
        name: see `object_name`.
        api_version: `v1` (served since Istio 1.22) or `v1beta1`.
    """
    return {
        "apiVersion": f"{API_GROUP}/{api_version}",
        "kind": "VirtualService",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": dict(MANAGED_BY),
            "annotations": dict(annotations),
        },
        "spec": {
            "hosts": [host],
            "http": [
                {"route": [{"destination": {"host": host}}], "timeout": format_ms(timeout_ms)}
            ],
        },
    }
