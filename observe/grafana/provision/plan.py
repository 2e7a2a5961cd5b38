"""What would have to change in a Grafana: reads, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from observe.errors import SourceError
from observe.grafana.provision.alerting import Alerting
from observe.grafana.provision.bundle import FOLDER_UID
from observe.grafana.provision.compare import contains, first_difference
from observe.grafana.provision.model import Action, Body, Kind, Plan, Resource, Verb
from observe.grafana.provision.server import TAG, GrafanaServer, Json

_PREFIX = "observe-"
_NOT_OURS = "it exists and was not made by observe: rename or remove it"


@dataclass(frozen=True)
class Held:
    """What is listed once for all resources.

    Attributes:
        datasources: all data sources.
        dashboards: those with our tag.
        rules: alert rules of our folder; None when this Grafana has none to be provisioned.
        contact_points: all contact points.
    """

    datasources: list[Json]
    dashboards: list[Json]
    rules: list[Json] | None
    contact_points: list[Json]


def make_plan(server: GrafanaServer, wanted: Iterable[Resource]) -> Plan:
    """Compare what is there with what is wanted.

    Args:
        server: the Grafana.
        wanted: all that it is to hold.

    Raises:
        SourceError: it cannot be read, or has no provisioning of alerts and alerts are wanted.
    """
    resources = list(wanted)
    alerts = any(r.kind in (Kind.RULE_GROUP, Kind.CONTACT_POINT) for r in resources)
    version = server.version()
    held = _read(server, alerts)
    actions = [_ACTIONS[r.kind](server, held, r) for r in resources]
    return Plan((*actions, *_to_prune(held, resources)), version)


def _read(server: GrafanaServer, alerts: bool) -> Held:
    alerting = Alerting(server)
    datasources, dashboards = server.datasources(), server.tagged_dashboards()
    try:
        rules = [rule for rule in alerting.rules() if rule.get("folderUID") == FOLDER_UID]
        points = alerting.contact_points()
    except SourceError:
        if alerts:
            raise
        return Held(datasources, dashboards, None, [])
    return Held(datasources, dashboards, rules, points)


def _act(verb: Verb, resource: Resource, why: str = "", before: Body | None = None) -> Action:
    return Action(verb, resource.kind, resource.uid, resource.title, why, resource, before)


def _compared(resource: Resource, before: Body, wanted: Body) -> Action:
    where = first_difference(before, wanted)
    if not where:
        return _act(Verb.UNCHANGED, resource, before=before)
    return _act(Verb.UPDATE, resource, f"{where} differs", before)


def _folder(server: GrafanaServer, _: Held, resource: Resource) -> Action:
    found = server.folder(resource.uid)
    if found is None:
        return _act(Verb.CREATE, resource)
    return _act(Verb.UNCHANGED, resource, before=found)  # its title is the user's to change


def _datasource(_: GrafanaServer, held: Held, resource: Resource) -> Action:
    found = next((d for d in held.datasources if d.get("uid") == resource.uid), None)
    if found is None:
        taken = next((d for d in held.datasources if d.get("name") == resource.title), None)
        if taken is not None:
            return _act(Verb.CONFLICT, resource, f"{taken['uid']} has this name: rename it")
        return _act(Verb.CREATE, resource)
    if found.get("readOnly"):
        return _act(Verb.CONFLICT, resource, "it comes from a provisioning file", found)
    if not _is_ours(found):
        return _act(Verb.CONFLICT, resource, _NOT_OURS, found)
    action = _compared(resource, found, resource.body)
    wants_password = resource.secret is not None
    has_password = bool((found.get("secureJsonFields") or {}).get("basicAuthPassword"))
    if action.verb is Verb.UNCHANGED and wants_password and not has_password:
        return _act(Verb.UPDATE, resource, "it has no password", found)
    return action


def _is_ours(datasource: Mapping[str, Any]) -> bool:
    return (datasource.get("jsonData") or {}).get("managedBy") == "observe"


def _dashboard(server: GrafanaServer, _: Held, resource: Resource) -> Action:
    found = server.dashboard(resource.uid)
    if found is None:
        return _act(Verb.CREATE, resource)
    before, meta = found["dashboard"], found.get("meta") or {}
    if meta.get("provisioned"):
        return _act(Verb.CONFLICT, resource, "it comes from a provisioning file", found)
    if TAG not in (before.get("tags") or ()):
        return _act(Verb.CONFLICT, resource, _NOT_OURS, found)
    if meta.get("folderUid", FOLDER_UID) != FOLDER_UID:
        return _act(Verb.UPDATE, resource, "it is in another folder", found)
    where = first_difference(before, resource.body)
    if not where or server.saved_digest(resource.uid) == resource.digest:
        return _act(Verb.UNCHANGED, resource, before=found)
    return _act(Verb.UPDATE, resource, f"{where} differs", found)


def _contact_point(_: GrafanaServer, held: Held, resource: Resource) -> Action:
    found = next((p for p in held.contact_points if p.get("uid") == resource.uid), None)
    if found is None:
        if any(p.get("name") == resource.title for p in held.contact_points):
            return _act(Verb.CONFLICT, resource, _NOT_OURS)
        return _act(Verb.CREATE, resource)
    wanted = {**resource.body, **(resource.secret or {})}
    if contains(found, wanted):
        return _act(Verb.UNCHANGED, resource, before=found)
    return _act(Verb.UPDATE, resource, "its settings differ", found)


def _rule_group(server: GrafanaServer, held: Held, resource: Resource) -> Action:
    found = Alerting(server).group(FOLDER_UID, resource.uid)
    if found is None or not found.get("rules"):
        return _act(Verb.CREATE, resource)
    if any(not str(rule.get("uid", "")).startswith(_PREFIX) for rule in found["rules"]):
        return _act(Verb.CONFLICT, resource, "it holds rules that were not made by observe", found)
    return _compared(resource, found, resource.body)


_ACTIONS = {
    Kind.FOLDER: _folder,
    Kind.DATASOURCE: _datasource,
    Kind.DASHBOARD: _dashboard,
    Kind.CONTACT_POINT: _contact_point,
    Kind.RULE_GROUP: _rule_group,
}


def _to_prune(held: Held, wanted: list[Resource]) -> list[Action]:
    """What we own and is no longer wanted; what depends on others goes first."""
    keep = {(r.kind, r.uid) for r in wanted}
    groups = {
        str(rule["ruleGroup"])
        for rule in held.rules or ()
        if str(rule.get("uid", "")).startswith(_PREFIX)
    }
    found = [(Kind.RULE_GROUP, name, name) for name in sorted(groups)]
    found += [
        (Kind.CONTACT_POINT, p["uid"], p["name"])
        for p in held.contact_points
        if str(p.get("uid", "")).startswith(_PREFIX)
    ]
    found += [
        (Kind.DASHBOARD, hit["uid"], hit["title"])
        for hit in held.dashboards
        if hit.get("folderUid") == FOLDER_UID and str(hit["uid"]).startswith(_PREFIX)
    ]
    found += [(Kind.DATASOURCE, d["uid"], d["name"]) for d in held.datasources if _is_ours(d)]
    return [
        Action(Verb.PRUNE, kind, uid, title, "no longer wanted")
        for kind, uid, title in found
        if (kind, uid) not in keep
    ]
