"""Relabelling rules of Prometheus, by what they are for.

Source: Prometheus, "Configuration", relabel_config and kubernetes_sd_config.
"""

from __future__ import annotations

from typing import Any

Rule = dict[str, Any]

POD = "__meta_kubernetes_pod_"
NODE = "__meta_kubernetes_node_"


def label(kubernetes_label: str) -> str:
    """Discovery's name of a pod's label: whatever may not stand in a name becomes `_`."""
    return f"{POD}label_{_name(kubernetes_label)}"


def annotation(kubernetes_annotation: str) -> str:
    """Discovery's name of a pod's annotation."""
    return f"{POD}annotation_{_name(kubernetes_annotation)}"


def keep(source: str, regex: str) -> Rule:
    """Only targets (or series) whose label matches as a whole."""
    return {"source_labels": [source], "regex": regex, "action": "keep"}


def drop(source: str, regex: str) -> Rule:
    """No targets (or series) whose label matches as a whole."""
    return {"source_labels": [source], "regex": regex, "action": "drop"}


def copy(source: str, target: str) -> Rule:
    """The label `target` says what `source` says; unchanged where `source` is empty."""
    return replace(source, "(.+)", target, "$1")


def replace(source: str, regex: str, target: str, replacement: str) -> Rule:
    """Where `source` matches, `target` becomes the replacement."""
    return {
        "source_labels": [source],
        "regex": regex,
        "target_label": target,
        "replacement": replacement,
    }


def pod_port(port: int) -> list[Rule]:
    """The pod's address with this port; a pod of many ports becomes one target."""
    return [
        replace(f"{POD}ip", "([^:]+)", "__address__", f"$1:{port}"),
        replace(f"{POD}ip", "(.*:.*)", "__address__", f"[$1]:{port}"),
    ]


def alive() -> Rule:
    """No pods that wait or have finished: there is nothing to scrape in them."""
    return drop(f"{POD}phase", "Pending|Succeeded|Failed")


def pod_identity() -> list[Rule]:
    """The labels that series of a pod get: namespace, pod, node, app.

    No labelmap of all pod labels: hashes of templates and revisions among them split every sum.
    """
    return [
        copy(f"{POD}node_name", "node"),
        copy("__meta_kubernetes_namespace", "namespace"),
        copy(f"{POD}name", "pod"),
        copy(label("app.kubernetes.io/name"), "app"),
        copy(label("app"), "app"),
    ]


def _name(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in text)
