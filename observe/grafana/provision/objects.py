"""The same resources as Kubernetes objects, for the three ways that clusters load dashboards.

- *sidecar*: ConfigMaps and a Secret that the Grafana chart's sidecar watches (label
  `grafana_dashboard`, `grafana_datasource`);
- *operator*: objects of the Grafana Operator, `grafana.integreatly.org/v1beta1`;
- *api*: objects of Grafana's own Kubernetes-style API, `dashboard.grafana.app`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from observe.errors import InputError
from observe.export.yaml_io import dump_documents
from observe.grafana.provision.bundle import FOLDER_TITLE, FOLDER_UID
from observe.grafana.provision.files import dashboard_text
from observe.grafana.provision.model import Kind, Resource

#: Kubernetes refuses a ConfigMap above 1 MiB, its envelope included.
CONFIG_MAP_BYTES = 900_000
_LABELS = {"app.kubernetes.io/managed-by": "observe", "app.kubernetes.io/part-of": "observe"}
_OPERATOR = "grafana.integreatly.org/v1beta1"
#: Key of the Secret that holds the password of the tiers.
_PASSWORD_KEY = "password"  # noqa: S105 - the name of a key


def sidecar_files(resources: Sequence[Resource], namespace: str) -> dict[str, str]:
    """ConfigMaps of dashboards, one each.

    Data sources are left out: the sidecar takes them from Secrets, which would hold the password.

    Raises:
        InputError: a dashboard is too large for a ConfigMap.
    """
    files = {}
    for resource in _of(resources, Kind.DASHBOARD):
        text = dashboard_text(resource.body)
        if len(text.encode()) > CONFIG_MAP_BYTES:
            raise InputError(f"the dashboard {resource.uid} is too large for a ConfigMap")
        metadata = _metadata(resource.uid, namespace)
        metadata["labels"] = {**_LABELS, "grafana_dashboard": "1"}
        metadata["annotations"] = {"grafana_folder": FOLDER_TITLE}
        data = {f"{resource.uid}.json": text}
        files[f"{resource.uid}.yaml"] = dump_documents(
            [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}]
        )
    return dict(sorted(files.items()))


def operator_files(
    resources: Sequence[Resource],
    namespace: str,
    *,
    instances: Mapping[str, str],
    secret: str,
) -> dict[str, str]:
    """Folder, data sources, dashboards and rule groups for the Grafana Operator.

    Args:
        resources: what :func:`~observe.grafana.provision.bundle.bundle` returned.
        namespace: where the objects go.
        instances: labels of the Grafana objects that are to load them.
        secret: the Kubernetes Secret with the tiers' password.
    """
    selector = {"matchLabels": dict(sorted(instances.items()))}
    files = {}
    for resource in resources:
        if resource.kind is Kind.CONTACT_POINT:
            continue  # its settings are secret: the operator's own object refers to a Secret
        kind, spec = _operator_spec(resource, secret)
        name = _object_name(resource)
        content = {
            "apiVersion": _OPERATOR,
            "kind": kind,
            "metadata": _metadata(name, namespace),
            "spec": {"instanceSelector": selector, **spec},
        }
        files[f"{resource.kind.value.lower()}-{name}.yaml"] = dump_documents([content])
    return dict(sorted(files.items()))


def api_files(
    resources: Sequence[Resource], *, version: str = "v1", namespace: str = "default"
) -> dict[str, str]:
    """Folder and dashboards for Grafana's own API and for Git Sync.

    Args:
        resources: what :func:`~observe.grafana.provision.bundle.bundle` returned.
        version: `v1` or `v1beta1`, as this Grafana serves it.
        namespace: the organisation; `default` for the first one.
    """
    files = {
        "folder.yaml": dump_documents(
            [
                {
                    "apiVersion": f"folder.grafana.app/{version}",
                    "kind": "Folder",
                    "metadata": {"name": FOLDER_UID, "namespace": namespace},
                    "spec": {"title": FOLDER_TITLE},
                }
            ]
        )
    }
    for resource in _of(resources, Kind.DASHBOARD):
        annotations = {"grafana.app/folder": FOLDER_UID}
        metadata = {"name": resource.uid, "namespace": namespace, "annotations": annotations}
        content = {
            "apiVersion": f"dashboard.grafana.app/{version}",
            "kind": "Dashboard",
            "metadata": metadata,
            # The uid is the object's name there.
            "spec": {k: v for k, v in resource.body.items() if k != "uid"},
        }
        files[f"{resource.uid}.json"] = dashboard_text(content)
    return dict(sorted(files.items()))


def _operator_spec(resource: Resource, secret: str) -> tuple[str, dict[str, Any]]:
    if resource.kind is Kind.FOLDER:
        return "GrafanaFolder", {"uid": resource.uid, "title": resource.title}
    if resource.kind is Kind.DASHBOARD:
        text = dashboard_text(resource.body)
        return "GrafanaDashboard", {"folderRef": FOLDER_UID, "json": text, "uid": resource.uid}
    if resource.kind is Kind.DATASOURCE:
        return "GrafanaDatasource", _operator_datasource(resource, secret)
    rules = [_operator_rule(rule) for rule in resource.body["rules"]]
    interval = f"{resource.body['interval']}s"
    spec = {"folderRef": FOLDER_UID, "name": resource.title, "interval": interval, "rules": rules}
    return "GrafanaAlertRuleGroup", spec


def _operator_datasource(resource: Resource, secret: str) -> dict[str, Any]:
    body = {key: value for key, value in resource.body.items() if key != "uid"}
    spec: dict[str, Any] = {"uid": resource.uid, "datasource": body}
    if body["basicAuth"]:
        body["secureJsonData"] = {"basicAuthPassword": f"${{{_PASSWORD_KEY}}}"}
        source = {"secretKeyRef": {"name": secret, "key": _PASSWORD_KEY}}
        target = "secureJsonData.basicAuthPassword"
        spec["valuesFrom"] = [{"targetPath": target, "valueFrom": source}]
    return spec


def _operator_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    names = ("uid", "title", "condition", "data", "for", "noDataState", "execErrState")
    return {name: rule[name] for name in (*names, "labels", "annotations")}


def _object_name(resource: Resource) -> str:
    """The uid as the name of an object (RFC 1123): a rule group's is its title."""
    allowed = "".join(c if c.isalnum() or c == "-" else "-" for c in resource.uid.lower())
    return allowed.strip("-")


def _metadata(name: str, namespace: str) -> dict[str, Any]:
    return {"name": name, "namespace": namespace, "labels": dict(_LABELS)}


def _of(resources: Sequence[Resource], kind: Kind) -> list[Resource]:
    return [resource for resource in resources if resource.kind is kind]
