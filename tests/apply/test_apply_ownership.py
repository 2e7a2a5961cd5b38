"""Field sets as servers write them, and differences as people read them."""

from __future__ import annotations

import copy

import pytest
from apply_samples import config, deployment, service
from hypothesis import given
from hypothesis import strategies as st
from kube_fields import field_set, fields_v1

from observe.apply.fields import differences
from observe.apply.model import FieldChange
from observe.apply.objects import in_order, read_objects
from observe.apply.ownership import fingerprint, is_ours, joined, part, stamped
from observe.errors import InputError

#: The field set of a Service with two ports and a finalizer, in the form of the API reference.
FIELDS = {
    "f:metadata": {
        "f:finalizers": {'v:"example.com/wait"': {}},
        "f:labels": {".": {}, "f:app": {}},
    },
    "f:spec": {
        "f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:name": {}}},
        "f:selector": {},
    },
}  # fmt: skip
LIVE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {
        "name": "web",
        "namespace": "shop",
        "uid": "1",
        "finalizers": ["example.com/wait", "other.example.com/wait"],
        "labels": {"app": "web", "team": "theirs"},
    },
    "spec": {
        "clusterIP": "10.0.0.1",
        "ports": [
            {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 80},
            {"name": "metrics", "port": 81, "protocol": "TCP", "targetPort": 81},
        ],
        "selector": {"app": "web", "tier": "front"},
    },
}


def test_the_part_of_a_field_set_is_what_it_names_and_no_more():
    assert part(LIVE, FIELDS) == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "finalizers": ["example.com/wait"],
            "labels": {"app": "web"},
        },
        "spec": {
            "ports": [{"port": 80, "protocol": "TCP", "name": "http"}],
            "selector": {"app": "web", "tier": "front"},
        },
    }


def test_the_part_of_an_empty_field_set_is_the_name():
    assert part(LIVE, {}) == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop"},
    }


def test_a_field_that_is_gone_is_in_no_part():
    assert "data" not in part(LIVE, {"f:data": {"f:a": {}}})


_NAMES = st.sampled_from(["a", "b", "app", "x.y/z"])
_TREES = st.recursive(
    st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=12,
)


@given(spec=st.dictionaries(_NAMES, _TREES, min_size=1, max_size=3))
def test_what_somebody_applied_is_the_part_of_its_field_set(spec):
    data = {"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}, "spec": spec}
    assert part(data, fields_v1(field_set(data))) == data


@given(one=st.dictionaries(_NAMES, _TREES), two=st.dictionaries(_NAMES, _TREES))
def test_the_union_of_sets_names_what_either_names(one, two):
    first, second = fields_v1(field_set(one)), fields_v1(field_set(two))
    union = joined(first, second)
    assert union.keys() == first.keys() | second.keys()
    assert joined(second, first) == union
    assert joined(union, first) == union


def entry(**more):
    return {"manager": "observe-mesh", "operation": "Apply", "time": "t", "fieldsV1": FIELDS} | more


def test_a_fingerprint_sees_our_fields_and_nothing_else():
    mine = copy.deepcopy(LIVE)
    mine["metadata"]["managedFields"] = [entry()]
    before = fingerprint(mine, "observe-mesh")
    foreign = copy.deepcopy(mine)
    foreign["spec"]["clusterIP"] = "10.0.0.2"
    foreign["metadata"]["labels"]["team"] = "other"
    foreign["status"] = {"ready": True}
    assert fingerprint(foreign, "observe-mesh") == before
    changed = copy.deepcopy(mine)
    changed["spec"]["selector"]["tier"] = "back"
    lost = copy.deepcopy(mine)
    lost["metadata"]["managedFields"] = [entry(fieldsV1={"f:spec": {"f:selector": {}}})]
    other = copy.deepcopy(mine)
    other["metadata"]["uid"] = "2"
    assert before not in {fingerprint(data, "observe-mesh") for data in (changed, lost, other)}


@pytest.mark.parametrize(
    ("change", "ours"),
    [
        ({}, True),
        ({"labels": {"app.kubernetes.io/managed-by": "observe"}}, False),
        ({"labels": {"mesh-observe/owner": "mesh"}}, False),
        ({"ownerReferences": [{"kind": "Prometheus"}]}, False),
        ({"deletionTimestamp": "2026-01-01T00:00:00Z"}, False),
        ({"managedFields": []}, False),
        ({"managedFields": [entry(manager="observe-other")]}, False),
        ({"managedFields": [entry(operation="Update")]}, False),
        ({"managedFields": [entry(subresource="status")]}, False),
    ],
)
def test_only_what_carries_all_our_marks_is_ours(change, ours):
    data = stamped(LIVE, "mesh")
    data["metadata"] |= {"managedFields": [entry()]} | change
    assert is_ours(data, "mesh") is ours


def test_labels_are_put_on_a_copy():
    before = copy.deepcopy(LIVE)
    assert stamped(LIVE, "mesh")["metadata"]["labels"] == {
        "app": "web",
        "team": "theirs",
        "app.kubernetes.io/managed-by": "observe",
        "mesh-observe/owner": "mesh",
    }
    assert before == LIVE


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (config(a="1"), config(a="1"), []),
        (config(a="x\ny\n"), config(a="x\nz\n"),
         [("data.a", "2 lines, 1 go", "2 lines, 1 are new")]),
        (config(**{"a.yml": "1"}), config(**{"a.yml": "2"}), [('data."a.yml"', '"1"', '"2"')]),
        (service(80), service(81), [("spec.ports[name=web].port", "80", "81")]),
        (deployment(args=[]), deployment(args=["-v"]), [("spec.args", "[]", '["-v"]')]),
        (deployment(paused=True), deployment(paused=False), [("spec.paused", "true", "false")]),
        (deployment(a=None), deployment(), [("spec.a", "null", None)]),
    ],
)  # fmt: skip
def test_differences_name_the_field_and_both_values(before, after, changes):
    assert differences(before, after) == tuple(FieldChange(*change) for change in changes)


def test_what_the_server_writes_is_no_difference():
    touched = copy.deepcopy(LIVE) | {"status": {"x": 1}}
    touched["metadata"] |= {"resourceVersion": "9", "generation": 3, "managedFields": [entry()]}
    assert differences(LIVE, touched) == ()


def test_lists_are_taken_apart_and_kustomizations_left_out():
    text = """
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: b, namespace: n}}
- {apiVersion: v1, kind: Namespace, metadata: {name: n}}
"""
    found = in_order(read_objects({"all.yaml": text}))
    assert [data["metadata"]["name"] for data in found] == ["n", "b"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1", "f.yaml, line 1: no Kubernetes object"),
        ("- 1", "f.yaml, line 1: no Kubernetes object"),
        ("a: [", "f.yaml, line"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {generateName: x}", "Pod has no metadata.name"),
    ],
)
def test_documents_that_are_no_objects_are_named_with_their_line(text, words):
    with pytest.raises(InputError, match=words):
        read_objects({"f.yaml": text})
