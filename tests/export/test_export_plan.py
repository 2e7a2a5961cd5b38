from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

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

from observe.errors import InputError
from observe.export.changes import FieldChange
from observe.export.current import Current, read_current
from observe.export.options import ExportOptions
from observe.export.plan import plan_export
from observe.export.refusals import REFUSAL_MEANING, RefusalReason
from observe.export.steps import bounded
from observe.export.yaml_io import load_documents
from observe.recommend.model import Withheld
from observe.target import Target

GOLDEN = Path(__file__).with_name("golden")
CART = "cart.shop.svc.cluster.local"


def timed(timeout: str, **more: str) -> str:
    return virtual_service(ROUTE + f"    timeout: {timeout}\n", **more)


def test_a_host_without_an_object_gets_one_with_the_way_back() -> None:
    plan = plan_export(advice(recommendation()))
    assert plan.files == {"shop/payment.yaml": (GOLDEN / "created.yaml").read_text()}
    assert plan.rollback == {
        "delete/shop/payment.yaml": "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
        "metadata:\n  name: observe-payment\n  namespace: shop\n"
    }
    (change,) = plan.changes
    assert (change.action, change.kind) == ("create", "VirtualService")
    assert change.fields == (FieldChange(("timeout",), None, "850ms", "850ms"),)
    assert plan.diff == "" and not plan.current_known


def test_an_object_that_is_there_is_edited_as_shown_in_the_documentation(tmp_path: Path) -> None:
    text = (GOLDEN / "existing.yaml").read_text()
    current = current_of(tmp_path, {"mesh/payment.yaml": text})
    plan = plan_export(advice(recommendation(current="1s", timeout="850ms")), current)
    assert plan.files == {"mesh/payment.yaml": (GOLDEN / "edited.yaml").read_text()}
    assert plan.diff == (GOLDEN / "edited.patch").read_text()
    assert plan.rollback == {"restore/mesh/payment.yaml": text}


def test_the_difference_is_one_that_git_applies(tmp_path: Path) -> None:
    text = timed("1s").rstrip("\n").replace("\n", "\r\n")
    current = current_of(tmp_path, {"mesh/payment.yaml": text})
    plan = plan_export(advice(recommendation(current="1s")), current)
    patch = tmp_path / "changes.patch"
    patch.write_bytes(plan.diff.encode())
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "-p1", str(patch)], cwd=tmp_path, check=True)
    written = (tmp_path / "mesh/payment.yaml").read_bytes().decode()
    assert written == plan.files["mesh/payment.yaml"]


SERVICES = ("payment", "cart", "ads")
HOST_FORMS = ("{0}", "{0}.shop.svc.cluster.local", "{0}.shop", "*.shop.svc.cluster.local")
BINDINGS = ("", "  gateways: [public]\n", "  gateways: [public, mesh]\n")
objects = st.lists(
    st.tuples(
        st.sampled_from(SERVICES),
        st.sampled_from(HOST_FORMS),
        st.sampled_from(BINDINGS),
        st.sampled_from(["1s", "900ms"]),
    ),
    max_size=4,
)


@settings(max_examples=40, deadline=None)
@given(objects)
def test_a_second_object_for_a_host_is_never_written(there: list[tuple[str, ...]]) -> None:
    files = {
        f"{i}.yaml": timed(
            timeout, hosts=f'["{form.format(service)}"]', more=binding, name=f"vs{i}"
        ).replace("host: payment", f"host: {service}")
        for i, (service, form, binding, timeout) in enumerate(there)
    }
    items = [recommendation(f"{name}.shop.svc.cluster.local") for name in SERVICES]
    with tempfile.TemporaryDirectory() as folder:
        before = current_of(Path(folder), files)
        plan = plan_export(advice(*items), before)
        after = current_of(Path(folder), plan.files)
    assert len(plan.changes) + len(plan.refused) == len(SERVICES)
    for item in items:
        host = item.target.service or ""
        had = len(before.find(host, "shop").defining)
        assert len(after.find(host, "shop").defining) <= max(1, had)
        found = after.timeout_for(host)
        if host in {change.host for change in plan.changes}:
            assert found is not None and found.timeout_ms == 850.0 and not found.conflict


def test_exporting_again_over_what_was_exported_changes_nothing(tmp_path: Path) -> None:
    wanted = advice(recommendation(), recommendation(CART, timeout="2s"))
    first = plan_export(wanted, Current())
    second = plan_export(wanted, current_of(tmp_path, first.files))
    assert len(first.files) == 2
    assert second.files == {} and second.refused == () and len(second.skipped) == 2


def test_what_fits_and_what_is_withheld_is_not_exported() -> None:
    held = Withheld(
        kind="timeout",
        target=Target(cluster="east", namespace="shop", service=CART),
        reason="STREAM",
        message="a stream",
    )
    plan = plan_export(advice(recommendation(severity="ok", current="1s"), withheld=(held,)))
    assert plan.files == {} and plan.refused == ()
    assert [(s.id, s.message) for s in plan.skipped] == [
        ("timeout/east/shop/payment", "what is set already fits")
    ]


@pytest.mark.parametrize(
    ("only", "taken"),
    [
        ((), 2),
        (("timeout",), 2),
        (("retry",), 0),
        (("east/shop/pay*",), 1),
        (("timeout/east/*",), 2),
        (("east/shop/cart", "*/payment"), 2),
        (("EAST/*",), 0),
    ],
)
def test_only_takes_kinds_targets_and_ids(only: tuple[str, ...], taken: int) -> None:
    items = advice(recommendation(), recommendation(CART))
    plan = plan_export(items, options=ExportOptions(only=only))
    assert (len(plan.files), len(plan.skipped)) == (taken, 2 - taken)


def test_too_little_confidence_is_skipped() -> None:
    items = advice(recommendation(confidence="low"), recommendation(CART, confidence="medium"))
    plan = plan_export(items, options=ExportOptions(min_confidence="medium"))
    assert [c.host for c in plan.changes] == [CART]
    assert plan.skipped[0].message == "confidence low is below medium"


@pytest.mark.parametrize(
    ("proposed", "before", "factor", "after"),
    [
        (850, None, 2.0, 850),
        (850, 1000.0, 2.0, 850),
        (850, 30_000.0, 2.0, 15_000),
        (5_000, 1_000.0, 2.0, 2_000),
        (5_000, 1_000.0, 10.0, 5_000),
        (1, 3.0, 2.0, 2),
        (850, 1001.0, 1.1, 910),
    ],
)
def test_a_step_is_bounded(proposed: int, before: float | None, factor: float, after: int) -> None:
    assert bounded(proposed, before, factor) == after


@settings(deadline=None)
@given(st.integers(1, 10**7), st.integers(1, 10**7), st.floats(1.01, 100))
def test_steps_stay_in_bounds_and_lead_there(proposed: int, before: int, factor: float) -> None:
    after = bounded(proposed, float(before), factor)
    assert before / factor <= after <= max(1.0, before * factor)
    assert abs(after - proposed) <= abs(before - proposed)
    if before / factor <= proposed <= before * factor:
        assert after == proposed


def test_a_large_change_is_limited_and_said_so(tmp_path: Path) -> None:
    current = current_of(tmp_path, {"vs.yaml": timed("30s")})
    wanted = advice(recommendation(current="30s"))
    plan = plan_export(wanted, current)
    (change,) = plan.changes
    assert change.limited
    assert change.fields == (FieldChange(("timeout",), "30s", "15s", "850ms", limited=True),)
    assert "timeout: 15s" in plan.files["vs.yaml"]
    # the same advice again is the same step, not another one
    again = plan_export(wanted, current_of(tmp_path, plan.files))
    assert again.files == {} and len(again.skipped) == 1


def test_a_timeout_that_changed_since_the_report_is_refused(tmp_path: Path) -> None:
    current = current_of(tmp_path, {"vs.yaml": timed("3s")})
    for item in (recommendation(current="1s"), recommendation(known=True)):
        plan = plan_export(advice(item), current)
        assert [r.reason for r in plan.refused] == [RefusalReason.CURRENT_CHANGED]
        assert plan.files == {}


def test_an_object_that_the_advice_knows_must_be_given() -> None:
    for item in (recommendation(current="1s"), recommendation(known=True)):
        for current in (None, Current()):
            plan = plan_export(advice(item), current)
            assert [r.reason for r in plan.refused] == [RefusalReason.CURRENT_NEEDED]
            assert plan.files == {}


def test_a_host_known_to_have_no_object_gets_a_new_one() -> None:
    item = recommendation().model_copy(update={"current": {"timeout": None, "source": None}})
    plan = plan_export(advice(item), Current())
    assert [change.action for change in plan.changes] == ["create"]


def test_each_cluster_has_a_folder_when_there_are_several() -> None:
    items = advice(
        recommendation(), recommendation(cluster="west", timeout="2s"), recommendation(cluster=None)
    )
    plan = plan_export(items)
    assert list(plan.files) == [
        "east/shop/payment.yaml",
        "no-cluster/shop/payment.yaml",
        "west/shop/payment.yaml",
    ]
    assert "timeout: 2s" in plan.files["west/shop/payment.yaml"]
    alone = plan_export(items, options=ExportOptions(cluster="west"))
    assert list(alone.files) == ["shop/payment.yaml"]


def test_a_cluster_that_the_advice_does_not_know_is_refused() -> None:
    items = advice(recommendation(), recommendation(cluster="west"))
    with pytest.raises(InputError, match=r"nothing for the cluster 'north'.*east, west"):
        plan_export(items, options=ExportOptions(cluster="north"))
    assert plan_export(advice(), options=ExportOptions(cluster="north")).files == {}


def test_a_file_that_all_clusters_share_is_copied_for_each(tmp_path: Path) -> None:
    current = current_of(tmp_path, {"shop/vs.yaml": timed("1s")})
    items = advice(recommendation(), recommendation(cluster="west", timeout="2s"))
    plan = plan_export(items, current)
    assert {p: "850ms" in t for p, t in plan.files.items()} == {
        "east/shop/vs.yaml": True,
        "west/shop/vs.yaml": False,
    }
    assert "--- a/shop/vs.yaml\n+++ b/west/shop/vs.yaml\n" in plan.diff


def test_folders_of_clusters_are_kept(tmp_path: Path) -> None:
    current = current_of(tmp_path, {"east/vs.yaml": timed("1s")})
    items = advice(recommendation(current="1s"), recommendation(cluster="west", timeout="2s"))
    plan = plan_export(items, current)
    assert list(plan.files) == ["east/vs.yaml", "west/shop/payment.yaml"]
    assert [c.action for c in plan.changes] == ["edit", "create"]


def test_two_hosts_in_one_file_are_edited_together(tmp_path: Path) -> None:
    text = (
        timed("1s")
        + "---\n"
        + timed("3s", hosts="[cart]", name="cart").replace("host: payment", "host: cart")
    )
    current = current_of(tmp_path, {"vs.yaml": text})
    items = advice(
        recommendation(current="1s"), recommendation(CART, current="3s", timeout="2500ms")
    )
    plan = plan_export(items, current)
    expected = text.replace("timeout: 1s", "timeout: 850ms").replace(
        "timeout: 3s", "timeout: 2500ms"
    )
    assert plan.files == {"vs.yaml": expected}


def test_one_host_that_cannot_be_written_does_not_stop_the_others(tmp_path: Path) -> None:
    shared = "  - &r\n    route: [{destination: {host: cart}}]\n"
    text = timed("1s") + "---\n" + virtual_service(shared, hosts="[cart]", name="cart") + "x: *r\n"
    plan = plan_export(
        advice(recommendation(), recommendation(CART)), current_of(tmp_path, {"vs.yaml": text})
    )
    assert plan.files == {"vs.yaml": text.replace("timeout: 1s", "timeout: 850ms")}
    assert [(r.id, r.reason) for r in plan.refused] == [
        ("timeout/east/shop/cart", RefusalReason.NOT_EDITABLE)
    ]
    assert [c.host for c in plan.changes] == [PAYMENT]


def test_new_names_avoid_the_files_and_objects_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/payment.yaml").write_text("kind: Deployment\n")
    current = current_of(tmp_path, {"vs.yaml": timed("1s", hosts="[cart]", name="observe-payment")})
    plan = plan_export(advice(recommendation()), current)
    assert list(plan.files) == ["shop/payment-2.yaml"]
    assert "name: observe-payment-2\n" in plan.files["shop/payment-2.yaml"]


@pytest.mark.parametrize(
    ("service", "namespace"),
    [
        ("../../etc/passwd", "shop"),
        ("payment.shop.svc.cluster.local\n", "shop"),
        ("*.shop.svc.cluster.local", "shop"),
        ("unknown", "unknown"),
        ("PassthroughCluster", "unknown"),
        (PAYMENT, "../shop"),
        (PAYMENT, ""),
        ("a" * 2000 + ".shop.svc.cluster.local", "shop"),
    ],
)
def test_hostile_names_are_refused_in_one_line(service: str, namespace: str) -> None:
    plan = plan_export(advice(recommendation(service, namespace=namespace)))
    assert plan.files == {}
    assert plan.refused[0].reason == RefusalReason.NOT_A_SERVICE
    assert "\n" not in plan.refused[0].message and len(plan.refused[0].message) < 250


@settings(deadline=None)
@given(st.sets(st.text(max_size=120), min_size=2, max_size=4))
def test_hostile_cluster_names_stay_inside_the_folder_and_apart(names: set[str]) -> None:
    items = [
        recommendation(cluster=name, id=f"timeout/{i}") for i, name in enumerate(sorted(names))
    ]
    plan = plan_export(advice(*items))
    assert len(plan.files) == len(names)
    for path in plan.files:
        folder, namespace, file = path.split("/")
        assert (namespace, file) == ("shop", "payment.yaml")
        assert folder not in ("", ".", "..") and folder.isprintable() and len(folder) <= 100


def test_two_recommendations_for_one_host_are_both_refused() -> None:
    plan = plan_export(advice(recommendation(), recommendation(id="timeout/other")))
    assert [r.reason for r in plan.refused] == [RefusalReason.DUPLICATE_TARGET] * 2
    assert plan.files == {}


def test_the_order_of_the_advice_does_not_matter() -> None:
    items = [recommendation(f"s{i}.shop.svc.cluster.local") for i in range(5)]
    assert plan_export(advice(*items)) == plan_export(advice(*reversed(items)))


@pytest.mark.parametrize(
    ("version", "expected"),
    [(None, "v1"), ("1.21.6", "v1beta1"), ("1.22", "v1"), ("v1.31.0-rc.1", "v1"), ("2.0", "v1")],
)
def test_old_releases_get_the_version_they_serve(version: str | None, expected: str) -> None:
    plan = plan_export(advice(recommendation()), options=ExportOptions(istio_version=version))
    (text,) = plan.files.values()
    assert f"apiVersion: networking.istio.io/{expected}\n" in text


@pytest.mark.parametrize(
    "options",
    [
        {"max_change": 1.0},
        {"max_change": 0.5},
        {"max_change": float("nan")},
        {"max_change": float("inf")},
        {"min_confidence": "sure"},
        {"istio_version": "latest"},
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(InputError):
        ExportOptions(**options)  # type: ignore[arg-type]


def test_a_message_with_line_breaks_stays_a_comment() -> None:
    item = recommendation(message="first\n---\nkind: Secret\x07")
    (text,) = plan_export(advice(item)).files.values()
    assert text.startswith("# first --- kind: Secret\napiVersion:")
    assert len(load_documents(text, "x")) == 1


def test_every_refusal_is_explained() -> None:
    assert set(REFUSAL_MEANING) == set(RefusalReason)


def test_the_demo_is_merged(tmp_path: Path) -> None:
    from observe.demo.shop_yaml import demo_current_yaml

    current_of(tmp_path, demo_current_yaml())
    current = read_current(tmp_path)
    found = current.timeout_for("ads.shop.svc.cluster.local", "east")
    assert found is not None and found.timeout_ms == 30_000.0
    item = recommendation("ads.shop.svc.cluster.local", current="30s", timeout="20s")
    catalog = recommendation("catalog.shop.svc.cluster.local", known=True)
    plan = plan_export(advice(item, catalog), current)
    before = demo_current_yaml()
    assert plan.files["east/ads.yaml"] == before["east/ads.yaml"].replace("30s", "20s")
    assert plan.files["east/catalog.yaml"].count("timeout: 850ms") == 2
