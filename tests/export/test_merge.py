from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from export_samples import (
    PAYMENT,
    ROUTE,
    advice,
    current_of,
    recommendation,
    virtual_service,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from observe.export.merge import Editable, NotEditable, editable
from observe.export.plan import ExportPlan, plan_export
from observe.export.refusals import RefusalReason
from observe.export.yaml_io import dump_documents, load_documents

TIMED = ROUTE + "    timeout: 800ms\n"


def outcome(folder: Path, *texts: str) -> Editable | NotEditable | None:
    current = current_of(folder, {f"{i}.yaml": text for i, text in enumerate(texts)})
    return editable(current.find(PAYMENT, "shop"), PAYMENT, "shop")


def test_a_host_without_an_object_is_free(tmp_path: Path) -> None:
    assert outcome(tmp_path, virtual_service(ROUTE, hosts="[cart]")) is None


def test_all_routes_to_the_host_are_edited_and_no_others(tmp_path: Path) -> None:
    http = TIMED + ROUTE.replace("payment", "cart") + TIMED + "  - redirect: {uri: /x}\n"
    found = outcome(tmp_path, virtual_service(http))
    assert isinstance(found, Editable)
    assert (found.routes, found.route["timeout"]) == ((0, 2), "800ms")


def test_the_same_length_written_twice_is_one_timeout(tmp_path: Path) -> None:
    found = outcome(tmp_path, virtual_service(TIMED + TIMED.replace("800ms", "0.8s")))
    assert isinstance(found, Editable) and found.routes == (0, 1)


SPLIT = "  - route:\n    - destination: {host: payment}\n      weight: 90\n"
SPLIT += "    - destination: {host: payment-v2}\n      weight: 10\n"


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ((virtual_service(TIMED), virtual_service(ROUTE)), RefusalReason.SEVERAL_OBJECTS),
        ((virtual_service(TIMED + ROUTE),), RefusalReason.ROUTES_DIFFER),
        ((virtual_service(SPLIT),), RefusalReason.ROUTES_SPLIT),
        ((virtual_service(ROUTE.replace("payment", "cart")),), RefusalReason.NO_ROUTE_TO_HOST),
        ((virtual_service("  - delegate: {name: x}\n"),), RefusalReason.DELEGATE),
        (
            (virtual_service(TIMED, hosts='["*.shop.svc.cluster.local"]'),),
            RefusalReason.WILDCARD_HOST,
        ),
        ((virtual_service(TIMED, hosts="[payment.shop]"),), RefusalReason.HOST_ABBREVIATED),
        (
            (virtual_service(TIMED).replace("  namespace: shop\n", ""),),
            RefusalReason.NAMESPACE_UNKNOWN,
        ),
        (
            (virtual_service(TIMED, more="  gateways: [public]\n"),),
            RefusalReason.GATEWAY_ONLY,
        ),
        ((virtual_service(ROUTE).replace("http:", "tcp:"),), RefusalReason.TCP_OR_TLS_ONLY),
        (
            (virtual_service(TIMED, more="  exportTo: ['.']\n"),),
            RefusalReason.NOT_VISIBLE_TO_ALL,
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, RefusalReason) else "",
)
def test_an_object_that_one_number_cannot_serve_is_refused(
    tmp_path: Path, texts: tuple[str, ...], reason: RefusalReason
) -> None:
    found = outcome(tmp_path, *texts)
    assert isinstance(found, NotEditable)
    assert found.reason == reason
    assert "shop" in found.message or "payment" in found.message


def test_an_object_for_the_host_wins_over_a_wildcard_and_a_gateway(tmp_path: Path) -> None:
    found = outcome(
        tmp_path,
        virtual_service(ROUTE, hosts='["*.shop.svc.cluster.local"]', name="wild"),
        virtual_service(ROUTE, name="edge", more="  gateways: [public]\n"),
        virtual_service(TIMED, name="own", more="  gateways: [public, mesh]\n"),
    )
    assert isinstance(found, Editable) and found.existing.name == "own"


def merged(text: str, current: str | None = "800ms") -> tuple[ExportPlan, str]:
    """The plan for 850 ms against a file, and the text of the file afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        there = current_of(Path(folder), {"vs.yaml": text})
        plan = plan_export(advice(recommendation(current=current, known=True)), there)
    return plan, plan.files.get("vs.yaml", text)


def test_a_value_that_others_share_is_not_edited() -> None:
    text = virtual_service("  - &r\n    route: [{destination: {host: payment}}]\n") + "x: *r\n"
    plan, after = merged(text, None)
    assert [r.reason for r in plan.refused] == [RefusalReason.NOT_EDITABLE]
    assert after == text and plan.files == {} and plan.changes == ()


def test_an_object_that_istio_refuses_is_not_touched() -> None:
    wrong = TIMED + "    retries: {attempts: 1, retryOn: '503, reset'}\n"
    plan, _ = merged(virtual_service(wrong))
    assert [r.reason for r in plan.refused] == [RefusalReason.INVALID_OBJECT]
    assert "' reset' is not a retry condition" in plan.refused[0].message


def test_a_try_that_would_outlast_the_timeout_is_noted() -> None:
    http = TIMED + "    retries: {attempts: 1, perTryTimeout: 850ms}\n"
    plan, _ = merged(virtual_service(http))
    assert plan.changes[0].notes == (
        "route 0: perTryTimeout 850ms is not below the timeout, so that Envoy ignores it",
    )


def test_an_object_of_an_earlier_export_gets_the_new_origin_of_its_number() -> None:
    marked = virtual_service(TIMED).replace(
        "  namespace: shop\n",
        "  namespace: shop\n  annotations:\n"
        "    mesh-observe.dev/recommendation: timeout/east/shop/payment\n"
        "    mesh-observe.dev/window: old # week\n    keep: me\n",
    )
    _, after = merged(marked)
    (document,) = load_documents(after, "vs.yaml")
    annotations = document.data["metadata"]["annotations"]
    assert annotations["mesh-observe.dev/window"].startswith("2026-11-15T00:00:00+00:00/")
    assert annotations["keep"] == "me"
    assert " # week\n" in after


names = st.sampled_from(["primary", "canary é", "x: y", "😀"])
match = st.fixed_dictionaries({"uri": st.fixed_dictionaries({"prefix": st.sampled_from("/ab")})})
extras = st.fixed_dictionaries(
    {},
    optional={
        "name": names,
        "match": st.lists(match, min_size=1, max_size=2),
        "retries": st.just({"attempts": 2, "retryOn": "5xx,reset"}),
        "headers": st.just({"request": {"set": {"x-note": "a # b"}}}),
        "rewrite": st.just({"uri": "/"}),
    },
)
destination = st.fixed_dictionaries(
    {"host": st.sampled_from(["payment", PAYMENT])},
    optional={"subset": st.sampled_from(["v1", "v2"]), "port": st.just({"number": 8080})},
)


styles = st.sampled_from(["ours", "dense", "wide", "json", "flow"])


def written(documents: list[Any], style: str) -> str:
    """The same values as different people and tools write them."""
    if style == "ours":
        return dump_documents(documents, ["head é"])
    if style == "json":
        return "\n---\n".join(json.dumps(d, indent=2, ensure_ascii=False) for d in documents) + "\n"
    yaml = YAML()
    if style == "flow":
        yaml.default_flow_style = None
    else:
        yaml.indent(*((2, 2, 0) if style == "dense" else (4, 6, 4)))
    stream = io.StringIO()
    yaml.dump_all(documents, stream)
    return stream.getvalue()


@st.composite
def existing(draw: st.DrawFn) -> str:
    """A file with a Service and a VirtualService for payment, in varied style, commented."""
    timeout = draw(st.sampled_from([None, "800ms", "0.8s", "700ms"]))
    http: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, 3))):
        route: dict[str, Any] = {"route": [{"destination": draw(destination)}]}
        route |= {"timeout": timeout} if timeout else {}
        keys = draw(st.permutations(sorted((route | (extra := draw(extras))).items())))
        http.append(dict(keys))
        del extra
    if draw(st.booleans()):
        http.append({"route": [{"destination": {"host": "cart"}}], "timeout": "9s"})
    spec = {"hosts": ["payment"], "http": http}
    data = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "payment", "namespace": "shop", "labels": {"yes": "no"}},
        "spec": spec,
    }
    text = written([{"kind": "Service", "spec": {"ports": [1]}}, data], draw(styles))
    lines = text.splitlines()
    for index in sorted(draw(st.sets(st.integers(1, len(lines) - 1), max_size=6))):
        if lines[index] != "---":
            lines[index] += f"  # note {index}"
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return newline.join(lines) + draw(st.sampled_from(["", newline, newline * 3]))


def without_timeouts(text: str) -> list[Any]:
    documents = [document.data for document in load_documents(text, "x")]
    for document in documents:
        for route in document["spec"].get("http", []):
            if "payment" in route["route"][0]["destination"]["host"]:
                route.pop("timeout", None)
    return documents


@settings(max_examples=60, deadline=None)
@given(existing())
def test_merging_loses_nothing_and_twice_is_once(text: str) -> None:
    (before,) = {
        route.get("timeout")
        for route in load_documents(text, "x")[1].data["spec"]["http"]
        if "payment" in route["route"][0]["destination"]["host"]
    }
    plan, after = merged(text, before)
    assert [change.id for change in plan.changes] == ["timeout/east/shop/payment"]
    assert without_timeouts(after) == without_timeouts(text)
    routes = load_documents(after, "x")[1].data["spec"]["http"]
    timeouts = [r["timeout"] for r in routes if r["route"][0]["destination"]["host"] != "cart"]
    assert set(timeouts) == {"850ms"}
    changed = set(after.splitlines()) - set(text.splitlines())
    assert all("850ms" in line for line in changed)
    assert after.count("# note") == text.count("# note")
    assert plan.rollback == {"restore/vs.yaml": text}
    again, unchanged = merged(after, before)
    assert (again.files, again.changes, again.refused) == ({}, (), ())
    assert unchanged == after
    assert len(again.skipped) == 1
