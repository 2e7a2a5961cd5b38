from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from export_samples import (
    PAYMENT,
    ROUTE,
    advice,
    current_of,
    destination_rule,
    recommendation,
    virtual_service,
)
from policy_samples import OUTLIER, POOL, RETRIES, outlier, pool, retry

from observe.export.changes import FieldChange
from observe.export.current import Current
from observe.export.options import ExportOptions
from observe.export.plan import ExportPlan, plan_export
from observe.export.refusals import RefusalReason
from observe.export.yaml_io import load_documents

GOLDEN = Path(__file__).with_name("golden")
TIMED = ROUTE + "    timeout: 900ms\n"
TLS = "  trafficPolicy:\n    tls: {mode: ISTIO_MUTUAL}\n"


def exported(
    folder: Path, items: list[Any], *texts: str, options: ExportOptions | None = None
) -> ExportPlan:
    folder.mkdir(exist_ok=True)
    files = {f"{i}.yaml": text for i, text in enumerate(texts)}
    return plan_export(advice(*items), current_of(folder, files), options)


def spec(text: str) -> dict[str, Any]:
    (document,) = load_documents(text, "x")
    found: dict[str, Any] = document.data["spec"]
    return found


def everything() -> list[Any]:
    return [recommendation(timeout="900ms"), retry(), pool(), outlier()]


def test_a_host_gets_one_object_of_each_kind_for_all_its_recommendations() -> None:
    plan = plan_export(advice(*everything()))
    assert plan.files == {
        "shop/payment-destinationrule.yaml": (GOLDEN / "created-rule.yaml").read_text(),
        "shop/payment.yaml": (GOLDEN / "created-with-retries.yaml").read_text(),
    }
    assert plan.refused == plan.skipped == ()
    assert [(c.id.split("/")[0], c.kind) for c in plan.changes] == [
        ("connectionPool", "DestinationRule"),
        ("outlierDetection", "DestinationRule"),
        ("retry", "DestinationRule"),
        ("retry", "VirtualService"),
        ("timeout", "VirtualService"),
    ]


def test_objects_that_are_there_are_edited_and_nothing_else_in_them(tmp_path: Path) -> None:
    rule = (GOLDEN / "existing-rule.yaml").read_text()
    items = [pool(current={"maxConnections": 40, "source": "0.yaml:2"}), outlier(), retry()]
    plan = exported(tmp_path, items, rule, virtual_service(TIMED))
    assert plan.diff == (GOLDEN / "edited-rule.patch").read_text()
    assert plan.rollback == {"restore/0.yaml": rule, "restore/1.yaml": virtual_service(TIMED)}


def test_exporting_again_what_was_exported_changes_nothing(tmp_path: Path) -> None:
    rule = (GOLDEN / "existing-rule.yaml").read_text()
    for number, texts in enumerate([(), (rule, virtual_service(TIMED))]):
        first = exported(tmp_path / f"{number}a", everything(), *texts)
        after = dict(first.files)
        again = plan_export(advice(*everything()), current_of(tmp_path / f"{number}b", after))
        assert len(first.files) == 2
        assert again.files == {} and again.refused == () and len(again.skipped) == 4


def test_a_kind_can_be_left_out(tmp_path: Path) -> None:
    plan = plan_export(advice(*everything()), options=ExportOptions(only=("retry", "timeout")))
    assert {change.advice.kind for change in plan.changes} == {"retry", "timeout"}
    assert len(plan.skipped) == 2


def test_retries_are_switched_off_by_attempts_alone(tmp_path: Path) -> None:
    there = "    retries:\n      attempts: 3\n      # why\n      perTryTimeout: 200ms\n"
    there += "      retryOn: 5xx\n      retryRemoteLocalities: true\n"
    text = virtual_service(TIMED + there)
    off = retry(proposed={"attempts": 0}, current={"attempts": 3, "perTryTimeout": "200ms"})
    plan = exported(tmp_path, [off], text)
    assert spec(plan.files["0.yaml"])["http"][0]["retries"] == {"attempts": 0}
    assert "      # why\n" in plan.files["0.yaml"]
    assert [c.kind for c in plan.changes] == ["VirtualService"]
    flow = virtual_service(TIMED + "    retries: {attempts: 3, perTryTimeout: 1s, retryOn: 5xx}\n")
    plan = exported(tmp_path / "flow", [retry(proposed={"attempts": 0})], flow)
    assert "    retries: {attempts: 0}\n" in plan.files["0.yaml"]


def test_a_host_without_an_object_has_its_retries_switched_off_by_a_new_one() -> None:
    plan = plan_export(advice(retry(proposed={"attempts": 0})), Current())
    assert spec(plan.files["shop/payment.yaml"])["http"][0]["retries"] == {"attempts": 0}
    assert list(plan.files) == ["shop/payment.yaml"]


@pytest.mark.parametrize(
    ("there", "proposed", "after"), [(None, 3, 3), (None, 5, 3), (0, 3, 1), (1, 3, 2), (5, 1, 1)]
)
def test_attempts_rise_one_at_a_time_and_fall_at_once(
    tmp_path: Path, there: int | None, proposed: int, after: int
) -> None:
    retries = "" if there is None else f"    retries: {{attempts: {there}}}\n"
    item = retry(proposed={"attempts": proposed}, current={"attempts": there, "source": "0.yaml:1"})
    plan = exported(tmp_path, [item], virtual_service(TIMED + retries))
    assert spec(plan.files["0.yaml"])["http"][0]["retries"]["attempts"] == after
    again = plan_export(advice(item), current_of(tmp_path / "b", plan.files))
    assert again.files == {}


def test_tries_that_do_not_fit_into_the_timeout_that_is_written_share_it(tmp_path: Path) -> None:
    short = [recommendation(current="200ms", timeout="900ms"), retry()]
    text = virtual_service(ROUTE + "    timeout: 200ms\n")
    plan = exported(tmp_path, short, text)
    route = spec(plan.files["0.yaml"])["http"][0]
    assert route["timeout"] == "400ms"  # one step of 2
    assert "perTryTimeout" not in route["retries"] and route["retries"]["attempts"] == 2
    (change,) = [c for c in plan.changes if c.id.startswith("retry") and c.routes]
    assert (
        "perTryTimeout 250ms is left out: 3 tries with their pauses need 850ms, and the "
        in (change.notes[0])
    )


def test_a_timeout_that_is_refused_does_not_take_the_retries_with_it(tmp_path: Path) -> None:
    items = [recommendation(current="5s", timeout="900ms"), retry()]
    plan = exported(tmp_path, items, virtual_service(TIMED))
    assert [r.reason for r in plan.refused] == [RefusalReason.CURRENT_CHANGED]
    route = spec(plan.files["0.yaml"])["http"][0]
    assert route["timeout"] == "900ms"
    assert route["retries"] == {k: v for k, v in RETRIES.items() if k != "retryBudget"}


def test_routes_with_different_retries_are_refused(tmp_path: Path) -> None:
    text = virtual_service(TIMED + "    retries: {attempts: 1}\n" + TIMED)
    plan = exported(tmp_path, [retry()], text)
    (refusal,) = plan.refused
    assert refusal.reason == RefusalReason.ROUTES_DIFFER
    assert "different retries: 1 attempts, none said" in refusal.message
    assert plan.files == {}


@pytest.mark.parametrize(
    ("version", "fields", "notes"),
    [
        (
            "1.25",
            {"attempts", "perTryTimeout", "retryOn"},
            [
                "backoff is left out: it exists since Istio 1.26, and 1.25 is asked for",
                "retryBudget is left out: it exists since Istio 1.27, and 1.25 is asked for",
            ],
        ),
        (
            "1.26.4",
            {"attempts", "perTryTimeout", "retryOn", "backoff"},
            ["retryBudget is left out: it exists since Istio 1.27, and 1.26.4 is asked for"],
        ),
        (
            "1.27.0",
            {"attempts", "perTryTimeout", "retryOn", "backoff"},
            ["retryBudget is left out: Istio 1.27.0 refuses a trafficPolicy of nothing else"],
        ),
    ],
)
def test_a_field_that_a_release_does_not_have_is_left_out_and_said(
    version: str, fields: set[str], notes: list[str]
) -> None:
    plan = plan_export(advice(retry()), options=ExportOptions(istio_version=version))
    (text,) = plan.files.values()
    assert set(spec(text)["http"][0]["retries"]) == fields
    assert list(plan.changes[0].notes) == notes


def test_a_budget_that_a_release_drops_for_subsets_is_not_written(tmp_path: Path) -> None:
    subsets = "  subsets: [{name: v1, trafficPolicy: {loadBalancer: {simple: RANDOM}}}]\n"
    options = ExportOptions(istio_version="1.28.3")
    plan = exported(tmp_path, [retry()], destination_rule(TLS + subsets), options=options)
    assert list(plan.files) == ["shop/payment.yaml"]
    assert "drops it for subsets with a policy of their own (v1)" in plan.changes[0].notes[0]
    fixed = ExportOptions(istio_version="1.29.2")
    plan = exported(tmp_path / "b", [retry()], destination_rule(TLS + subsets), options=fixed)
    assert spec(plan.files["0.yaml"])["trafficPolicy"]["retryBudget"]["percent"] == 20


def test_istios_default_that_is_bounded_needs_no_word_about_attempts(tmp_path: Path) -> None:
    default = retry(
        proposed={"attempts": 2, "retryBudget": {"percent": 20.0, "minRetryConcurrency": 3}},
        current={"attempts": None, "source": None},
        reasons=("DEFAULT_TRIES_ON_PATH", "RETRY_DEFAULT_UNBOUND"),
    )
    plan = exported(tmp_path, [default], destination_rule(TLS))
    assert list(plan.files) == ["0.yaml"]
    assert spec(plan.files["0.yaml"])["trafficPolicy"]["retryBudget"] == {
        "percent": 20,
        "minRetryConcurrency": 3,
    }
    old = exported(
        tmp_path / "old",
        [default],
        destination_rule(TLS),
        options=ExportOptions(istio_version="1.26.0"),
    )
    assert old.files == {}
    assert "retryBudget" in old.skipped[0].message


PORT = "    portLevelSettings: [{port: {number: 80}, tls: {mode: DISABLE}}]\n"
SUBSET = "  subsets: [{name: v1, trafficPolicy: {connectionPool: {tcp: {maxConnections: 9}}}}]\n"


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ((destination_rule(TLS), destination_rule(TLS, name="b")), RefusalReason.SEVERAL_OBJECTS),
        ((destination_rule(TLS, host="*.shop.svc.cluster.local"),), RefusalReason.WILDCARD_HOST),
        (
            (destination_rule(TLS, host="*.local", namespace="istio-system"),),
            RefusalReason.WILDCARD_HOST,
        ),
        ((destination_rule(TLS, host="payment.shop"),), RefusalReason.HOST_ABBREVIATED),
        ((destination_rule(TLS, namespace=None),), RefusalReason.NAMESPACE_UNKNOWN),
        ((destination_rule(TLS + "  exportTo: ['.']\n"),), RefusalReason.NOT_VISIBLE_TO_ALL),
        (
            (destination_rule(TLS, host=PAYMENT, namespace="web"),),
            RefusalReason.NOT_VISIBLE_TO_ALL,
        ),
        (
            (destination_rule(TLS + "  workloadSelector: {matchLabels: {app: x}}\n"),),
            RefusalReason.NOT_VISIBLE_TO_ALL,
        ),
        ((destination_rule(TLS + PORT),), RefusalReason.POLICY_OVERRIDDEN),
        ((destination_rule(TLS + SUBSET),), RefusalReason.POLICY_OVERRIDDEN),
        (
            (destination_rule(TLS + "    connectionPool: {tcp: {maxConnections: 31}}\n"),),
            RefusalReason.CURRENT_CHANGED,
        ),
        (
            (
                destination_rule(
                    TLS
                    + "    outlierDetection: {consecutiveLocalOriginFailures: 3}\n"
                    + "    connectionPool: {tcp: {maxConnections: 40}}\n"
                ),
            ),
            RefusalReason.INVALID_OBJECT,
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, RefusalReason) else "",
)
def test_a_rule_that_cannot_be_edited_is_refused_and_no_second_one_written(
    tmp_path: Path, rules: tuple[str, ...], reason: RefusalReason
) -> None:
    plan = exported(tmp_path, [pool(current={"maxConnections": 40})], *rules)
    assert [r.reason for r in plan.refused] == [reason]
    assert "shop" in plan.refused[0].message or "payment" in plan.refused[0].message
    assert plan.files == {}


def test_more_retries_are_not_written_without_their_budget(tmp_path: Path) -> None:
    wild = destination_rule(TLS, host="*.local", namespace="istio-system")
    more = retry(proposed=RETRIES | {"attempts": 3}, current={"attempts": None})
    plan = exported(tmp_path / "a", [more], wild)
    assert [r.reason for r in plan.refused] == [RefusalReason.BUDGET_NOT_WRITTEN]
    assert plan.files == {}
    fewer = retry(proposed=RETRIES | {"attempts": 1}, current={"attempts": None})
    plan = exported(tmp_path / "b", [fewer], wild)
    assert list(plan.files) == ["shop/payment.yaml"]
    assert plan.changes[0].notes[0].startswith("no retryBudget is written: the DestinationRule")


def test_a_rule_of_the_root_namespace_is_edited_where_it_counts(tmp_path: Path) -> None:
    root = destination_rule(TLS, host=PAYMENT, namespace="istio-system")
    plan = exported(tmp_path, [pool()], root)
    assert [c.action for c in plan.changes] == ["edit"]
    assert spec(plan.files["0.yaml"])["trafficPolicy"]["tls"] == {"mode": "ISTIO_MUTUAL"}


def test_limits_and_thresholds_move_by_one_step(tmp_path: Path) -> None:
    there = (
        "  trafficPolicy:\n    connectionPool: {tcp: {maxConnections: 500}, "
        "http: {http2MaxRequests: 20, http1MaxPendingRequests: 0}}\n"
        "    outlierDetection: {consecutive5xxErrors: 3, interval: 1m, maxEjectionPercent: 10}\n"
    )
    limits = {"maxConnections": 500, "http2MaxRequests": 20, "source": "0.yaml:1"}
    set_now = {"consecutive5xxErrors": 3, "interval": "1m", "maxEjectionPercent": 10}
    items = [
        pool(current=limits),
        outlier(hosts=3, current={"outlierDetection": set_now, "source": "0.yaml:1"}),
    ]
    plan = exported(tmp_path, items, destination_rule(there))
    changed = {each.path[-1]: each for change in plan.changes for each in change.fields}
    assert {name: each.after for name, each in changed.items()} == {
        "maxConnections": 250,
        "http2MaxRequests": 40,
        "http1MaxPendingRequests": 60,  # 0 is no limit, which limits no step
        "consecutive5xxErrors": 6,
        "interval": "30s",
        "baseEjectionTime": "30s",
        "maxEjectionPercent": 34,  # 20 % of three hosts would be none
        "minHealthPercent": 50,
    }
    assert changed["maxConnections"] == FieldChange(
        ("connectionPool", "tcp", "maxConnections"), 500, 250, 60, limited=True
    )
    assert plan_export(advice(*items), current_of(tmp_path / "b", plan.files)).files == {}


INBOUND = POOL | {"inboundConnectionPool": {"http2MaxRequests": 200, "maxConnections": 16}}


def sidecar(selector: str, name: str = "s") -> str:
    return (
        f"apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {{name: {name}, "
        f"namespace: shop}}\nspec:\n{selector}  egress: [{{hosts: ['./*']}}]\n"
    )


def test_limits_of_the_servers_go_into_the_sidecar_of_the_workload(tmp_path: Path) -> None:
    own = sidecar("  workloadSelector: {labels: {app: payment}}\n")
    plan = exported(tmp_path, [pool(proposed=INBOUND)], own, sidecar("", "all"))
    assert [(c.kind, c.action) for c in plan.changes] == [
        ("DestinationRule", "create"),
        ("Sidecar", "edit"),
    ]
    after = spec(plan.files["0.yaml"])
    assert after["inboundConnectionPool"] == {
        "tcp": {"maxConnections": 16},
        "http": {"http2MaxRequests": 200},
    }
    assert after["egress"] == [{"hosts": ["./*"]}]


@pytest.mark.parametrize(
    ("sidecars", "why"),
    [
        ((), "no Sidecar selects payment, and a new one would also limit what it may call"),
        ((sidecar(""),), "counts for other workloads"),
        (
            (
                sidecar("  workloadSelector: {labels: {app: payment}}\n"),
                sidecar("  workloadSelector: {labels: {app: payment}}\n", "b"),
            ),
            "2 Sidecars select payment",
        ),
    ],
)
def test_without_a_sidecar_of_its_own_the_larger_need_is_written(
    tmp_path: Path, sidecars: tuple[str, ...], why: str
) -> None:
    plan = exported(tmp_path, [pool(proposed=INBOUND)], *sidecars)
    (text,) = plan.files.values()
    assert spec(text)["trafficPolicy"]["connectionPool"] == {
        "tcp": {"maxConnections": 60},
        "http": {"http1MaxPendingRequests": 60, "http2MaxRequests": 200},
    }
    assert why in plan.changes[0].notes[0]
    assert plan.changes[0].notes[0].endswith("http2MaxRequests 200 is what the servers need")


def test_a_recommendation_is_written_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    shared = destination_rule("  trafficPolicy: &p {tls: {mode: DISABLE}}\nx: *p\n")
    plan = exported(tmp_path, [retry(), outlier()], shared, virtual_service(TIMED))
    assert sorted((r.id.split("/")[0], r.reason) for r in plan.refused) == [
        ("outlierDetection", RefusalReason.NOT_EDITABLE),
        ("retry", RefusalReason.NOT_EDITABLE),
    ]
    assert plan.files == {} and plan.changes == ()


def test_an_object_that_the_advice_knows_of_has_to_be_given() -> None:
    item = outlier(current={"outlierDetection": {"interval": "5s"}, "source": "dr.yaml:1"})
    for current in (None, Current()):
        plan = plan_export(advice(item), current)
        assert [r.reason for r in plan.refused] == [RefusalReason.CURRENT_NEEDED]


def test_a_null_takes_a_field_away(tmp_path: Path) -> None:
    there = destination_rule(TLS + "    outlierDetection: {interval: 5s, minHealthPercent: 50}\n")
    item = outlier(proposed=OUTLIER | {"minHealthPercent": None})
    plan = exported(tmp_path, [item], there)
    assert spec(plan.files["0.yaml"])["trafficPolicy"]["outlierDetection"] == {
        "consecutive5xxErrors": 8,
        "interval": "10s",
        "baseEjectionTime": "30s",
        "maxEjectionPercent": 34,
    }


def test_a_rule_that_defines_the_subsets_of_routes_has_to_be_given(tmp_path: Path) -> None:
    routed = virtual_service("  - route:\n    - destination: {host: payment, subset: v1}\n")
    plan = exported(tmp_path, [pool()], routed)
    (refusal,) = plan.refused
    assert refusal.reason == RefusalReason.CURRENT_NEEDED
    assert "routes to subset v1 of payment.shop.svc.cluster.local" in refusal.message
    defined = destination_rule("  subsets: [{name: v1, labels: {version: v1}}]\n")
    plan = exported(tmp_path / "b", [pool()], routed, defined)
    assert [c.action for c in plan.changes] == ["edit"]


def test_a_value_in_a_file_that_cannot_be_read_is_refused_alone(tmp_path: Path) -> None:
    there = destination_rule(TLS + "    outlierDetection: {interval: 10}\n")
    plan = exported(tmp_path, [outlier(), pool()], there)
    assert [(r.id.split("/")[0], r.reason) for r in plan.refused] == [
        ("outlierDetection", RefusalReason.INVALID_OBJECT)
    ]
    assert plan.refused[0].message == "shop/payment (0.yaml:1): 10 is not a duration"
    assert [c.advice.kind for c in plan.changes] == ["connectionPool"]


def test_tries_fit_into_the_shortest_timeout_of_the_routes(tmp_path: Path) -> None:
    text = virtual_service(ROUTE + TIMED + TIMED.replace("900ms", "300ms"))
    plan = exported(tmp_path, [retry()], text)
    written = spec(plan.files["0.yaml"])["http"]
    assert ["perTryTimeout" in route["retries"] for route in written] == [False, False, False]
    assert "the timeout is 300ms" in plan.changes[-1].notes[0]
