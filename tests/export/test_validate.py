from __future__ import annotations

from typing import Any

import pytest

from observe.export.validate import problems


def sample(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "payment", "namespace": "shop"},
        "spec": {"hosts": ["payment"], "http": [route()]} | spec,
    }


def route(**fields: Any) -> dict[str, Any]:
    return {"route": [{"destination": {"host": "payment"}}], "timeout": "850ms"} | fields


def test_a_plain_object_is_accepted() -> None:
    assert problems(sample()) == []


def test_what_istio_accepts_is_accepted() -> None:
    retries = {"attempts": 2, "perTryTimeout": "1ms", "retryOn": "503,5xx,reset", "backoff": "5ms"}
    good = [
        route(retries=retries),
        {"redirect": {"uri": "/x"}},
        {"delegate": {"name": "x"}},
        {"directResponse": {"status": 200}},
    ]
    assert problems(sample(http=good, hosts=["*.example.com", "Payment.Example.ORG."])) == []
    assert problems(sample(hosts=["*"], gateways=["public"])) == []
    assert problems(sample(http=None, tcp=[{"route": []}])) == []
    assert problems(sample(hosts=[])) == []


@pytest.mark.parametrize(
    ("http", "complaint"),
    [
        (route(timeout="0s"), ".timeout: the duration '0s' is shorter than 1ms"),
        (route(timeout="1500us"), ".timeout: the duration '1500us' is finer than whole"),
        (route(timeout="1 s"), ".timeout: '1 s' is not a duration"),
        (route(retries={"attempts": -1}), ".retries.attempts: -1 is not"),
        (route(retries={"attempts": 0, "retryOn": "5xx"}), ".retries.retryOn: set although"),
        (route(retries={"attempts": 0, "perTryTimeout": "1s"}), ".retries.perTryTimeout: set"),
        (route(retries={"attempts": 1, "retryOn": "503, reset"}), ".retries.retryOn: ' reset'"),
        (route(retries={"attempts": 1, "retryOn": "299"}), ".retries.retryOn: '299'"),
        (route(retries={"attempts": 1, "perTryTimeout": "0s"}), ".retries.perTryTimeout: the"),
        (route(fault={"delay": {"fixedDelay": "0s"}}), ".fault.delay.fixedDelay: the duration"),
        ({"timeout": "1s"}, ": one of route, redirect"),
        (route(redirect={"uri": "/"}), ": route and redirect exclude"),
        (route(route=[{"destination": {}}]), ".route[0].destination.host: None is not"),
        (route(route=[{"destination": {"host": "a/b"}}]), ".route[0].destination.host: 'a/b'"),
        (
            route(route=[{"destination": {"host": "a"}}, {"destination": {"host": "b"}}]),
            ".route: the weights sum up to 0",
        ),
        (
            route(route=[{"destination": {"host": "a"}, "weight": -1}]),
            ".route[0].weight: -1 is not",
        ),
        ("text", ": a mapping is required"),
    ],
)
def test_what_istio_refuses_in_a_route_is_named(http: Any, complaint: str) -> None:
    (found,) = problems(sample(http=[route(), http]))
    assert found.startswith(f"spec.http[1]{complaint}")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"hosts": ["*"]}, "spec.hosts: '*' is not allowed in the mesh"),
        ({"hosts": ["a_b"]}, "spec.hosts: 'a_b' is neither"),
        ({"hosts": ["a.com", "*.com"]}, "spec.hosts: 'a.com' and '*.com' overlap"),
        ({"hosts": ["a", "a"]}, "spec.hosts: 'a' and 'a' overlap"),
        ({"hosts": [], "gateways": ["x"]}, "spec.hosts: a delegate"),
        ({"http": []}, "spec: one of http, tcp and tls is required"),
    ],
)
def test_what_istio_refuses_in_a_spec_is_named(change: dict[str, Any], complaint: str) -> None:
    (found,) = problems(sample(**change))
    assert found.startswith(complaint)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"kind": "Service"}, "kind: 'Service' is not"),
        ({"apiVersion": "v1"}, "apiVersion: 'v1' is not one of"),
        ({"metadata": {"name": "A b"}}, "metadata.name: 'A b'"),
        ({"metadata": {"name": "a", "namespace": "a.b"}}, "metadata.namespace: 'a.b'"),
        ({"spec": None}, "spec: a mapping is required"),
    ],
)
def test_an_object_that_kubernetes_refuses_is_named(change: dict[str, Any], complaint: str) -> None:
    (found,) = problems(sample() | change)
    assert found.startswith(complaint)
