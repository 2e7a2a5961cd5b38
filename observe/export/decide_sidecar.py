"""Limits of the servers' side: `inboundConnectionPool` of a Sidecar that is there.

A workload takes one Sidecar: one that selects it, else the one of its namespace. A new one would
take the place of what holds today, for the egress hosts as well, so none is ever made. A Sidecar
of the whole namespace limits all its workloads, so that only one for the workload alone is edited.
"""

from __future__ import annotations

from observe.export.changes import Change
from observe.export.current import Current
from observe.export.decide_fields import decide_fields
from observe.export.existing_destinationrule import ExistingSidecar
from observe.export.fields import INBOUND
from observe.export.hosts import short_name
from observe.export.options import ExportOptions
from observe.export.refusals import Refusal, RefusalReason
from observe.recommend.model import AnyRecommendation

#: Labels that name the workload of a service by custom.
_NAMES = ("app", "app.kubernetes.io/name", "service.istio.io/canonical-name")


def decide_inbound(
    advice: AnyRecommendation, current: Current | None, options: ExportOptions
) -> tuple[Change, ...] | Refusal:
    """The change of a Sidecar; nothing where none is proposed, or it says so already."""
    if not advice.proposed.get("inboundConnectionPool"):
        return ()
    namespace = advice.target.namespace
    name = short_name(advice.target.service or "", namespace)
    everything = current.counting(current.sidecars, advice.target.cluster) if current else ()
    here = [item for item in everything if item.namespace in (namespace, None)]
    chosen = [item for item in here if _selects(item, name)]
    if len(chosen) != 1:
        return Refusal(advice.id, RefusalReason.SEVERAL_OBJECTS, _why(here, chosen, name))
    sidecar = chosen[0]
    fields = decide_fields(advice, INBOUND, sidecar.spec, options)
    if fields.moved:
        return Refusal(
            advice.id, RefusalReason.CURRENT_CHANGED, f"{sidecar.label} {fields.moved[0]}"
        )
    if not fields.changes:
        return ()
    return (
        Change(
            id=advice.id,
            kind="Sidecar",
            action="edit",
            host=advice.target.service or "",
            fields=tuple(fields.changes),
            advice=advice,
            existing=sidecar,
            notes=tuple(fields.notes),
        ),
    )


def _selects(item: ExistingSidecar, name: str) -> bool:
    labels = (item.spec.get("workloadSelector") or {}).get("labels") or {}
    return any(labels.get(label) == name for label in _NAMES)


def _why(here: list[ExistingSidecar], chosen: list[ExistingSidecar], name: str) -> str:
    if chosen:
        return f"{len(chosen)} Sidecars select {name}: {', '.join(i.label for i in chosen)}"
    if here:
        return f"no Sidecar selects {name} alone, and {here[0].label} counts for other workloads"
    return f"no Sidecar selects {name}, and a new one would also limit what it may call"
