"""Everything that a Grafana is to hold, as resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from observe.errors import InputError
from observe.grafana.provision.model import Kind, Resource
from observe.grafana.provision.rules import rule_groups

FOLDER_UID = "observe"
FOLDER_TITLE = "Observe"
EDGE_UID = "observe-edge"
FEDERATED_UID = "observe-federated"
CONTACT_UID = "observe-contact"

#: Fields of a dashboard that the server sets.
_SERVER_FIELDS = ("id", "version", "iteration")


@dataclass(frozen=True)
class Datasource:
    """A Prometheus as a data source.

    Attributes:
        uid: stable identity.
        name: for people.
        url: as Grafana reaches it, which may not be how this machine does.
        interval_seconds: distance of its samples; `$__rate_interval` is made from it.
        user: user of basic authentication; empty for none.
        password: the password; never part of a plan or a file.
        default: whether it is the one that new panels take.
    """

    uid: str
    name: str
    url: str
    interval_seconds: int
    user: str = ""
    password: str = ""
    default: bool = False

    def __repr__(self) -> str:
        return f"Datasource(uid={self.uid!r}, url={self.url!r})"


def bundle(
    datasources: Sequence[Datasource],
    dashboards: Mapping[str, Mapping[str, Any]],
    *,
    rule_files: Iterable[Mapping[str, Any]] = (),
    contact: Mapping[str, Any] | None = None,
) -> tuple[Resource, ...]:
    """Folder, data sources, dashboards, contact point and rule groups, in this order.

    Args:
        datasources: at least one; alerts ask the last one, which holds all clusters.
        dashboards: file name → dashboard as classic JSON.
        rule_files: Prometheus rule files whose alerts become Grafana's.
        contact: `type` and `settings` of a contact point, as Grafana's API has them.

    Raises:
        InputError: no data source, or a dashboard without a uid.
    """
    if not datasources:
        raise InputError("no data source was named", "give --edge-url, --federated-url or both")
    folder = {"uid": FOLDER_UID, "title": FOLDER_TITLE}
    resources = [Resource(Kind.FOLDER, FOLDER_UID, FOLDER_TITLE, folder)]
    resources += [_datasource(source) for source in datasources]
    resources += [_dashboard(name, dashboards[name]) for name in sorted(dashboards)]
    resources += [_contact(contact)] if contact is not None else []
    resources += rule_groups(rule_files, FOLDER_UID, datasources[-1].uid)
    return tuple(resources)


def _datasource(source: Datasource) -> Resource:
    body: dict[str, Any] = {
        "uid": source.uid,
        "name": source.name,
        "type": "prometheus",
        "access": "proxy",
        "url": source.url,
        "isDefault": source.default,
        "basicAuth": bool(source.user),
        "basicAuthUser": source.user,
        "jsonData": {
            "httpMethod": "POST",
            "timeInterval": f"{source.interval_seconds}s",
            "prometheusType": "Prometheus",
            "managedBy": "observe",
        },
    }
    secret = {"basicAuthPassword": source.password} if source.password else None
    return Resource(Kind.DATASOURCE, source.uid, source.name, body, secret)


def _dashboard(name: str, content: Mapping[str, Any]) -> Resource:
    uid = content.get("uid")
    if not isinstance(uid, str) or not uid:
        raise InputError(f"the dashboard {name} has no uid", "give it one, or leave it out")
    body = {key: value for key, value in content.items() if key not in _SERVER_FIELDS}
    return Resource(Kind.DASHBOARD, uid, str(content.get("title", uid)), body)


def _contact(contact: Mapping[str, Any]) -> Resource:
    unknown = sorted(set(contact) - {"type", "settings", "name"})
    if unknown or not contact.get("type") or not isinstance(contact.get("settings"), Mapping):
        raise InputError(
            "the contact point needs 'type' and 'settings', and may have 'name'",
            f"remove {', '.join(unknown)}" if unknown else "such as {type: webhook, settings: ...}",
        )
    name = str(contact.get("name", "observe"))
    body = {"uid": CONTACT_UID, "name": name, "type": contact["type"]}
    # Settings may hold tokens and addresses that are as good as tokens: they are never shown.
    return Resource(Kind.CONTACT_POINT, CONTACT_UID, name, body, {"settings": contact["settings"]})
