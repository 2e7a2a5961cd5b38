"""Stacks, tiers and checks of rendered objects, for the tests of every target."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from observe.bootstrap.sizing import Resources
from observe.bootstrap.stack import (
    Alerting,
    Cluster,
    EdgeTier,
    ExternalTier,
    Security,
    Stack,
)
from observe.bootstrap.tiers import Tier, Tiers
from observe.export.yaml_io import load_documents

SIZE = Resources(
    cpu_request="250m",
    memory_request="512Mi",
    memory_limit="1Gi",
    storage="10Gi",
    retention_size="8704MB",
)


def rule_file(name: str) -> dict[str, Any]:
    rule = {"record": f"workload:{name}:rate5m", "expr": "sum by (pod) (\n  rate(up[5m])\n)\n"}
    return {"groups": [{"name": name, "interval": "60s", "rules": [rule]}]}


TIERS = Tiers(
    edge=Tier({"recording.yaml": rule_file("recording"), "alerts.yaml": rule_file("a")}, SIZE),
    external=Tier({"burn.yaml": rule_file("burn")}, SIZE),
)


def two_clusters(**settings: Any) -> Stack:
    west = Cluster(name="west", edge_url="https://edge.west.example.org")
    return Stack(clusters=(Cluster(name="east"), west), **settings)


def objects(files: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every Kubernetes object of some files, kustomizations left out."""
    return [
        document.data
        for path, text in sorted(files.items())
        if path.endswith(".yaml") and not path.endswith("kustomization.yaml")
        for document in load_documents(text, path)
    ]


def one(found: Iterable[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    (match,) = [o for o in found if o["kind"] == kind and o["metadata"]["name"] == name]
    return match


def shared(*parts: str) -> Path:
    """A file of the reference material, or a skip that says what is missing."""
    beside = Path(__file__).parents[1].parent / "shared"
    file = Path(os.environ.get("OBSERVE_SHARED", beside)).joinpath(*parts)
    if not file.exists():
        pytest.skip(f"{'/'.join(parts)} is not kept beside the checkout ($OBSERVE_SHARED)")
    return file


_NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,20}[a-z0-9]", fullmatch=True)


@st.composite
def any_stack(draw: st.DrawFn) -> Stack:
    """Any stack that can be rendered."""
    transport = draw(st.sampled_from(["federate", "remote-write"]))
    names = draw(st.lists(_NAMES, min_size=1, max_size=3, unique=True))
    write_url = "https://metrics.example.org/api/v1/write"
    return Stack(
        namespace=draw(_NAMES),
        clusters=tuple(
            Cluster(name=name, edge_url=f"https://{name}.example.org/edge" if place else None)
            for place, name in enumerate(names)
        ),
        edge=EdgeTier(
            scrape_seconds=draw(st.integers(5, 60)),
            replicas=draw(st.integers(1, 2)) if transport == "federate" else 1,
            sizes=draw(st.booleans()),
            keep=draw(st.sampled_from(["core", "all"])),
        ),
        external=ExternalTier(
            transport=transport,
            write_url=write_url if transport == "remote-write" else None,
            alertmanager_url=draw(st.sampled_from([None, "https://alerts.example.org"])),
        ),
        alerting=Alerting(
            receiver=draw(st.sampled_from(["none", "webhook", "slack", "pagerduty"]))
        ),
        security=Security(auth=draw(st.sampled_from(["basic", "mtls"])), secret=draw(_NAMES)),
    )
