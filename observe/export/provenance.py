"""Where the numbers in an object come from: its labels and annotations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from observe.recommend.model import SCHEMA_VERSION, Advice, AnyRecommendation

#: Prefix of the annotations that say where a value comes from.
ANNOTATION = "mesh-observe.dev"
MANAGED_BY = {"app.kubernetes.io/managed-by": "mesh-observe"}

_PREFIX = {
    "timeout": ANNOTATION,
    "retry": f"retry.{ANNOTATION}",
    "connectionPool": f"connection-pool.{ANNOTATION}",
    "outlierDetection": f"outlier-detection.{ANNOTATION}",
}


def provenance(advice: Advice, recommendations: Iterable[AnyRecommendation]) -> dict[str, str]:
    """Annotations that lead from an object back to the numbers behind it.

    Those of a timeout stand under `mesh-observe.dev/`, those of another kind under a prefix of its
    own, so that one object can tell of several.
    """
    window = advice.window
    out = {f"{ANNOTATION}/schema-version": SCHEMA_VERSION}
    for item in recommendations:
        prefix = _PREFIX[item.kind]
        out |= {
            f"{prefix}/recommendation": item.id,
            f"{prefix}/window": f"{window.start.isoformat()}/{window.end.isoformat()}",
            f"{prefix}/confidence": item.confidence,
            f"{prefix}/reasons": ",".join(item.reasons),
        }
    return out


def is_ours(data: dict[str, Any]) -> bool:
    """Whether an earlier export created an object: whether it says so in annotations."""
    present = (data.get("metadata") or {}).get("annotations")
    return isinstance(present, dict) and any(
        f"{prefix}/recommendation" in present for prefix in _PREFIX.values()
    )
