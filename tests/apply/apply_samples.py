"""Small stacks of objects."""

from __future__ import annotations

from typing import Any

OWNER = "mesh"
MANAGER = "observe-mesh"


def namespace(name: str = "watch") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def config(name: str = "rules", **data: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "watch"},
        "data": data or {"a": "1"},
    }


def secret(password: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "tiers", "namespace": "watch"},
        "stringData": {"password": password},
    }


def service(port: int = 9090) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "prometheus", "namespace": "watch"},
        "spec": {
            "selector": {"app": "prometheus"},
            "ports": [{"name": "web", "port": port, "protocol": "TCP"}],
        },
    }


def deployment(image: str = "prom/prometheus:v3.5.0", **spec: Any) -> dict[str, Any]:
    labels = {"app": "prometheus"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "prometheus", "namespace": "watch"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "prometheus", "image": image}]},
            },
            **spec,
        },
    }


def definition() -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": {"type": "object", "properties": {"size": {"type": "integer"}}},
        },
        "additionalProperties": False,
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "boxes.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Box", "plural": "boxes"},
            "scope": "Namespaced",
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


def box(size: Any = 1) -> dict[str, Any]:
    return {
        "apiVersion": "example.com/v1",
        "kind": "Box",
        "metadata": {"name": "one", "namespace": "watch"},
        "spec": {"size": size},
    }


def stack() -> list[dict[str, Any]]:
    return [deployment(), service(), config(), namespace()]
