"""Whatever is there, an export keeps it, and the linter has nothing new to say."""

from __future__ import annotations

import copy
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from export_samples import PAYMENT, advice, current_of, recommendation
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from policy_samples import OUTLIER, POOL, RETRIES, outlier, pool, retry

from observe.export.changes import Change
from observe.export.crd import CrdSchemas, load_crds
from observe.export.current import Current
from observe.export.merge import put
from observe.export.options import ExportOptions
from observe.export.plan import ExportPlan, plan_export
from observe.export.releases import read_release
from observe.export.yaml_io import dump_documents, load_documents
from observe.lint.engine import LintOptions, lint
from observe.lint.model import Finding
from observe.lint.read import read_inventory

FEW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink a failure takes minutes
)
KINDS = frozenset({"VirtualService", "DestinationRule", "Sidecar"})


def document(kind: str, spec: dict[str, Any], name: str = "payment") -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop", "annotations": {"team": "pay"}},
        "spec": spec,
    }


def parts(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=optional)


durations = st.sampled_from(["100ms", "250ms", "1s", "30s"])
counts = st.integers(1, 300)
retries = st.just({"attempts": 0}) | st.fixed_dictionaries(
    {"attempts": st.integers(1, 3)},
    optional={
        "perTryTimeout": st.sampled_from(["50ms", "100ms"]),
        "retryOn": st.just("connect-failure,unavailable"),
        "retryRemoteLocalities": st.booleans(),
    },
)
routes = st.fixed_dictionaries(
    {"route": st.just([{"destination": {"host": "payment"}}])},
    optional={
        "name": st.just("r"),
        "timeout": durations,
        "retries": retries,
        "headers": st.just({"request": {"set": {"x": "y"}}}),
    },
)
policies = st.fixed_dictionaries(
    {"tls": st.just({"mode": "ISTIO_MUTUAL"})},
    optional={
        "connectionPool": parts(
            tcp=parts(maxConnections=counts, connectTimeout=durations),
            http=parts(http2MaxRequests=counts, idleTimeout=durations),
        ).filter(bool),
        "outlierDetection": parts(
            consecutive5xxErrors=st.integers(2, 20),
            interval=durations,
            maxEjectionPercent=st.sampled_from([34, 50]),
        ),
        "retryBudget": st.just({"percent": 10}),
    },
)
subsets = st.just([{"name": "v1", "labels": {"version": "v1"}}])
rules = st.fixed_dictionaries(
    {"host": st.just("payment"), "trafficPolicy": policies}, optional={"subsets": subsets}
)
proposals = st.fixed_dictionaries(
    {
        "timeout": st.integers(400, 5000).map("{}ms".format),
        "attempts": st.integers(0, 3),
        "limit": st.integers(16, 400),
        "errors": st.integers(5, 20),
    }
)


def items(proposed: dict[str, Any]) -> list[Any]:
    off = {"attempts": 0}
    some = RETRIES | {"attempts": proposed["attempts"], "perTryTimeout": "100ms"}
    return [
        recommendation(timeout=proposed["timeout"]),
        retry(proposed=some if proposed["attempts"] else off),
        pool(proposed=dict.fromkeys(POOL, proposed["limit"])),
        outlier(proposed=OUTLIER | {"consecutive5xxErrors": proposed["errors"]}),
    ]


def worse(before: tuple[Finding, ...], after: tuple[Finding, ...]) -> set[tuple[str, str]]:
    """What is bad now and was not said before."""
    known = {(f.code, f.object) for f in before}
    return {(f.code, f.object) for f in after if f.severity != "info"} - known


def findings(folder: Path, version: str | None = None) -> tuple[Finding, ...]:
    release = read_release(version) if version else None
    return lint(read_inventory([folder]).objects, None, LintOptions(release))


def applied(current: Current, change: Change) -> None:
    """The same change made in plain values."""
    assert change.existing is not None
    spec = change.existing.data["spec"]
    bases = [spec["http"][i] for i in change.routes] or [spec.setdefault("trafficPolicy", {})]
    for base in bases:
        for each in change.fields:
            put(base, each)


@FEW
@given(st.lists(routes, min_size=1, max_size=2), rules | st.none(), proposals)
def test_a_merge_changes_what_it_says_and_brings_nothing_that_is_wrong(
    http: list[dict[str, Any]], rule: dict[str, Any] | None, proposed: dict[str, Any]
) -> None:
    virtual = document("VirtualService", {"hosts": ["payment"], "http": http})
    texts = {"vs.yaml": dump_documents([virtual])}
    if rule is not None:
        texts["dr.yaml"] = dump_documents([document("DestinationRule", rule)])
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder) / "there"
        current = current_of(there, texts)
        wanted = advice(*items(proposed))
        plan = plan_export(wanted, current, ExportOptions(istio_version="1.31"))
        before = findings(there, "1.31")
        current_of(there, plan.files)
        assert worse(before, findings(there, "1.31")) == set()
        again = plan_export(wanted, current_of(there, plan.files))
    assert_as_said(plan, copy.deepcopy(current))
    for change in again.changes:  # a second step only where the first was limited
        first = [c for c in plan.changes if (c.id, c.kind) == (change.id, change.kind)]
        assert any(c.limited or c.notes for c in first), change


def assert_as_said(plan: ExportPlan, current: Current) -> None:
    for change in plan.changes:
        if change.existing is not None:
            same = [
                o for o in (*current.objects, *current.rules) if o.place == change.existing.place
            ]
            applied(current, Change(**(vars(change) | {"existing": same[0]})))
    for item in (*current.objects, *current.rules):
        text = plan.files.get(item.relative)
        if text is not None:
            assert load_documents(text, "x")[0].data == item.data


@FEW
@given(proposals)
def test_new_objects_bring_nothing_that_is_wrong(proposed: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plan = plan_export(advice(*items(proposed)))
        current_of(Path(folder), plan.files)
        assert [f for f in findings(Path(folder)) if f.severity != "info"] == []


@pytest.fixture(scope="module")
def istio() -> CrdSchemas:
    beside = Path(__file__).parents[2].parent / "shared"
    file = Path(os.environ.get("OBSERVE_SHARED", beside)) / "istio" / "crd-all.gen.yaml"
    if not file.exists():
        pytest.skip("Istio's definitions are not kept beside the checkout ($OBSERVE_SHARED)")
    return load_crds(file, KINDS)


SIDECAR = document("Sidecar", {"workloadSelector": {"labels": {"app": "payment"}}}, "own")


@pytest.mark.shared
@pytest.mark.parametrize("version", ["1.21", "1.31"])
def test_objects_of_all_kinds_have_the_structure_that_istio_defines(
    istio: CrdSchemas, tmp_path: Path, version: str
) -> None:
    inbound = {"inboundConnectionPool": {"http2MaxRequests": 16}}
    wanted = [
        recommendation(),
        retry(),
        pool(proposed=POOL | inbound),
        outlier(),
        retry("cart.shop.svc.cluster.local", proposed={"attempts": 0}),
    ]
    rule = document("DestinationRule", {"host": PAYMENT})
    current = current_of(
        tmp_path, {"s.yaml": dump_documents([SIDECAR]), "r.yaml": dump_documents([rule])}
    )
    plan = plan_export(advice(*wanted), current, ExportOptions(istio_version=version))
    assert len(plan.files) == 4
    for text in plan.files.values():
        for found in load_documents(text, "x"):
            assert istio.problems(found.data) == []
