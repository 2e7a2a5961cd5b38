"""The same resources as files that a Grafana reads when it starts (file provisioning).

Mount `provisioning/` at `/etc/grafana/provisioning`, `dashboards/` at the path that
`provisioning/dashboards/observe.yaml` names, and the password as the file that the data source
names. https://grafana.com/docs/grafana/latest/administration/provisioning/
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from observe.export.yaml_io import dump_documents
from observe.grafana.provision.bundle import FOLDER_TITLE, FOLDER_UID
from observe.grafana.provision.model import Kind, Resource

DASHBOARDS_PATH = "/var/lib/grafana/dashboards/observe"
PASSWORD_PATH = "/etc/grafana/secrets/observe-password"  # noqa: S105 - where it is, not what

#: Fields of a provisioned rule that files write otherwise or take from the group.
_FROM_GROUP = ("ruleGroup", "folderUID")


def provisioning_files(resources: Sequence[Resource]) -> dict[str, str]:
    """Relative path → text; no secret is in it.

    Args:
        resources: what :func:`~observe.grafana.provision.bundle.bundle` returned.
    """
    files = {
        "provisioning/dashboards/observe.yaml": dump_documents([_provider()]),
        "provisioning/datasources/observe.yaml": dump_documents(
            [{"apiVersion": 1, "prune": True, "datasources": [*_datasources(resources)]}]
        ),
    }
    alerting = _alerting(resources)
    if len(alerting) > 1:
        files["provisioning/alerting/observe.yaml"] = dump_documents([alerting])
    files |= {
        f"dashboards/{resource.uid}.json": dashboard_text(resource.body)
        for resource in resources
        if resource.kind is Kind.DASHBOARD
    }
    return dict(sorted(files.items()))


def dashboard_text(body: Mapping[str, Any]) -> str:
    """A dashboard as JSON for people to compare."""
    return json.dumps(body, indent=2, sort_keys=True) + "\n"


def _provider() -> dict[str, Any]:
    provider = {
        "name": "observe",
        "orgId": 1,
        "folder": FOLDER_TITLE,
        "folderUid": FOLDER_UID,
        "type": "file",
        "disableDeletion": False,
        "allowUiUpdates": False,
        "updateIntervalSeconds": 30,
        "options": {"path": DASHBOARDS_PATH, "foldersFromFilesStructure": False},
    }
    return {"apiVersion": 1, "providers": [provider]}


def _datasources(resources: Sequence[Resource]) -> list[dict[str, Any]]:
    found = []
    for resource in resources:
        if resource.kind is Kind.DATASOURCE:
            entry = {**resource.body, "orgId": 1, "editable": False}
            if resource.body["basicAuth"]:
                # Grafana reads the file itself: the password stands in no configuration.
                entry["secureJsonData"] = {"basicAuthPassword": f"$__file{{{PASSWORD_PATH}}}"}
            found.append(entry)
    return found


def _alerting(resources: Sequence[Resource]) -> dict[str, Any]:
    groups = [r.body for r in resources if r.kind is Kind.RULE_GROUP]
    points = [r for r in resources if r.kind is Kind.CONTACT_POINT]
    alerting: dict[str, Any] = {"apiVersion": 1}
    if groups:
        alerting["groups"] = [_group(group) for group in groups]
    if points:
        alerting["contactPoints"] = [_contact_point(point) for point in points]
    return alerting


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    rules = [{k: v for k, v in r.items() if k not in _FROM_GROUP} for r in group["rules"]]
    return {
        "orgId": 1,
        "name": group["title"],
        "folder": FOLDER_TITLE,
        "interval": f"{group['interval']}s",
        # A provisioning file takes `$` for a variable of the environment, and `$$` for itself.
        "rules": _escaped(rules),
    }


def _contact_point(resource: Resource) -> dict[str, Any]:
    # Settings may be secret: the file names the variables of the environment that hold them.
    names = sorted((resource.secret or {}).get("settings", {}))
    settings = {name: f"$OBSERVE_CONTACT_{name.upper()}" for name in names}
    receiver = {"uid": resource.uid, "type": resource.body["type"], "settings": settings}
    return {"orgId": 1, "name": resource.title, "receivers": [receiver]}


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(item) for item in value]
    return value
