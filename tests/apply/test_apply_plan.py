"""What a plan says, and that making one changes nothing."""

from __future__ import annotations

import pytest
from apply_samples import (
    MANAGER,
    OWNER,
    box,
    config,
    definition,
    deployment,
    namespace,
    secret,
    service,
    stack,
)
from kube_server import KubeServer

from observe.apply.cluster import Cluster
from observe.apply.execute import execute
from observe.apply.faults import ClusterError, InvalidObjectError
from observe.apply.model import Conflict, FieldChange
from observe.apply.plan import make_plan
from observe.errors import InputError

CONFIG = ("v1", "configmaps", "watch", "rules")


@pytest.fixture
def applied(cluster: Cluster, server: KubeServer, tmp_path, moment):
    """The sample stack, applied."""
    execute(cluster, make_plan(cluster, stack(), OWNER), tmp_path / "first", moment)


def test_objects_for_an_empty_cluster_are_created_in_the_order_of_need(cluster):
    plan = make_plan(cluster, stack(), OWNER)
    assert [(step.action, step.ref.kind) for step in plan.steps] == [
        ("create", "Namespace"),
        ("create", "ConfigMap"),
        ("create", "Service"),
        ("create", "Deployment"),
    ]
    assert [step.checked for step in plan.steps] == [True, False, False, False]


def test_a_plan_changes_nothing(cluster, server):
    before = dict(server.objects)
    make_plan(cluster, stack(), OWNER)
    assert server.objects == before


def test_what_is_there_already_is_unchanged(cluster, applied):
    assert make_plan(cluster, stack(), OWNER).to_do(prune=True) == ()


def test_a_changed_field_is_named_with_both_values(cluster, applied):
    plan = make_plan(cluster, [namespace(), deployment(image="other:1")], OWNER)
    (step,) = plan.of("change")
    assert step.changes == (
        FieldChange(
            "spec.template.spec.containers[name=prometheus].image",
            '"prom/prometheus:v3.5.0"',
            '"other:1"',
        ),
    )


def test_a_field_that_is_no_longer_sent_is_removed(cluster, applied):
    (step,) = make_plan(cluster, [config(b="2")], OWNER).of("change")
    assert step.changes == (FieldChange("data.a", '"1"', None), FieldChange("data.b", None, '"2"'))


def test_defaults_of_the_server_are_no_changes(cluster, applied, server):
    assert server.objects["v1", "services", "watch", "prometheus"]["spec"]["type"] == "ClusterIP"
    assert make_plan(cluster, stack(), OWNER).of("change") == ()


def test_a_field_of_somebody_else_is_a_conflict_with_their_name(cluster, applied, server):
    server.edit("kubectl-edit", CONFIG, lambda data: data["data"].update(a="theirs"))
    (step,) = make_plan(cluster, stack(), OWNER).conflicting
    assert step.conflicts == (Conflict("kubectl-edit", "data.a"),)
    assert step.changes == (FieldChange("data.a", '"theirs"', '"1"'),)


def test_an_object_of_another_owner_is_a_conflict_with_that_owner(cluster, applied):
    (step,) = make_plan(cluster, [config(z="1")], "other").conflicting
    assert {conflict.manager for conflict in step.conflicts} == {MANAGER}


def test_what_is_no_longer_wanted_is_to_be_pruned_except_what_holds_data(cluster, applied):
    plan = make_plan(cluster, [deployment()], OWNER)
    assert [str(s.ref) for s in plan.of("prune")] == [
        "Service watch/prometheus",
        "ConfigMap watch/rules",
    ]
    plan = make_plan(cluster, [deployment()], OWNER, prune_data=True)
    assert [s.ref.kind for s in plan.of("prune")] == ["Service", "ConfigMap", "Namespace"]


def test_objects_that_only_carry_copied_labels_are_never_pruned(cluster, applied, server):
    labels = dict(server.objects[CONFIG]["metadata"]["labels"])
    copied = config("made-by-operator")
    copied["metadata"] |= {"labels": labels}
    server.put("operator", copied)
    assert make_plan(cluster, stack(), OWNER).of("prune") == ()


def test_lists_that_come_in_pages_are_read_to_the_end(cluster, applied, tmp_path, moment):
    many = [*stack(), *(config(f"extra-{n}") for n in range(5))]
    execute(cluster, make_plan(cluster, many, OWNER), tmp_path / "many", moment)
    assert len(make_plan(cluster, stack(), OWNER).of("prune")) == 5


def test_where_only_namespaces_may_be_listed_the_plan_says_what_it_did_not_see(
    cluster, applied, server
):
    server.forbidden.add(("list", "services"))
    plan = make_plan(cluster, [deployment()], OWNER)
    assert [s.ref.kind for s in plan.of("prune")] == ["ConfigMap"]
    assert plan.warnings == (
        "not looked for Services to prune: cluster east forbids to list Services: services is "
        'forbidden: User "ann" cannot list resource "services" in API group "" in the namespace '
        '"watch"',
    )


def test_a_kind_that_the_cluster_lacks_names_what_to_install(cluster):
    rule = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule"}
    telemetry = {"apiVersion": "telemetry.istio.io/v1", "kind": "Telemetry"}
    named = {"metadata": {"name": "x", "namespace": "watch"}}
    with pytest.raises(ClusterError) as caught:
        make_plan(cluster, [rule | named, telemetry | named], OWNER)
    assert str(caught.value) == (
        "cluster east knows no PrometheusRule (monitoring.coreos.com/v1), Telemetry "
        "(telemetry.istio.io/v1). Install Istio and the Prometheus Operator first"
    )
    assert caught.value.exit_code == 3


def test_a_kind_that_comes_with_the_plan_is_not_missing(cluster):
    plan = make_plan(cluster, [box(), definition(), namespace()], OWNER)
    assert [s.ref.kind for s in plan.steps] == ["Namespace", "CustomResourceDefinition", "Box"]


def test_an_invalid_object_is_refused_in_the_words_of_the_server(cluster, applied):
    wrong = deployment(replicas="two")
    with pytest.raises(InvalidObjectError) as caught:
        make_plan(cluster, [wrong], OWNER)
    assert "refused to check Deployment watch/prometheus" in str(caught.value)
    assert "spec.replicas" in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        ([config(), config(b="2")], "ConfigMap watch/rules is given twice"),
        (
            [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}],
            "ConfigMap x has no metadata.namespace",
        ),
        (
            [
                {
                    "apiVersion": "v1",
                    "kind": "Namespace",
                    "metadata": {"name": "x", "namespace": "y"},
                }
            ],
            "Namespace y/x must have no namespace",
        ),
    ],
)
def test_objects_that_cannot_be_placed_are_refused(cluster, objects, words):
    with pytest.raises(InputError, match=words):
        make_plan(cluster, objects, OWNER)


@pytest.mark.parametrize("owner", ["", "Mesh", "a" * 64, "a b", "-a"])
def test_an_owner_that_is_no_label_is_refused(cluster, owner):
    with pytest.raises(InputError, match="is no name for an owner"):
        make_plan(cluster, [namespace()], owner)


def test_a_namespace_that_is_missing_is_named(cluster):
    with pytest.raises(ClusterError, match=r'namespaces "watch" not found\. Create the namespace'):
        make_plan(cluster, [config()], OWNER)


def test_values_of_a_secret_are_never_shown(cluster, server, tmp_path, moment):
    execute(
        cluster, make_plan(cluster, [namespace(), secret("old-pw")], OWNER), tmp_path / "x", moment
    )
    plan = make_plan(cluster, [namespace(), secret("new-pw")], OWNER)
    (step,) = plan.of("change")
    assert step.changes == (FieldChange("stringData.password", "hidden", "hidden"),)


def test_a_warning_of_the_server_is_part_of_the_plan(cluster, server):
    said = {"Warning": '299 - "v1 Namespace is old"'}

    def warn(verb, path, params):
        if verb != "PATCH":
            return None
        kind = "application/apply-patch+yaml"
        return 200, server.answer("PATCH", path, params, namespace(), kind), said

    server.before = warn
    assert make_plan(cluster, [namespace()], OWNER).warnings == ("v1 Namespace is old",)


def test_an_object_that_is_being_deleted_is_waited_for(cluster, applied, server):
    server.objects[CONFIG]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    with pytest.raises(ClusterError, match="ConfigMap watch/rules is being deleted"):
        make_plan(cluster, [config()], OWNER)


def test_an_object_that_somebody_made_alike_is_adopted_once(cluster, server, tmp_path, moment):
    server.put("kubectl", namespace())
    server.put("kubectl", service())
    (step,) = make_plan(cluster, [service()], OWNER).of("change")
    assert {c.path for c in step.changes} == {"metadata.labels"}
    execute(cluster, make_plan(cluster, [service()], OWNER), tmp_path / "x", moment)
    assert make_plan(cluster, [service()], OWNER).of("unchanged")
