"""Carry out a plan, one call after the other, with a way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from observe.errors import ObserveError
from observe.grafana.provision.alerting import Alerting
from observe.grafana.provision.bundle import FOLDER_UID
from observe.grafana.provision.model import Action, Body, Kind, Plan, Verb
from observe.grafana.provision.server import GrafanaServer, Json


@dataclass(frozen=True)
class Outcome:
    """What was done.

    Attributes:
        done: the actions that were carried out, in order.
        failed: the one that was refused, if any; those after it were not tried.
        error: why it was refused.
    """

    done: tuple[Action, ...]
    failed: Action | None = None
    error: ObserveError | None = None


def with_content(server: GrafanaServer, action: Action) -> Action:
    """The action with what is there now, which a listing alone does not tell."""
    if action.verb is not Verb.PRUNE:
        return action
    reads: dict[Kind, Callable[[], Json | None]] = {
        Kind.DASHBOARD: lambda: server.dashboard(action.uid),
        Kind.RULE_GROUP: lambda: Alerting(server).group(FOLDER_UID, action.uid),
        Kind.DATASOURCE: lambda: _by_uid(server.datasources(), action.uid),
        Kind.CONTACT_POINT: lambda: _by_uid(Alerting(server).contact_points(), action.uid),
    }
    before = reads[action.kind]()
    return Action(action.verb, action.kind, action.uid, action.title, action.why, None, before)


def to_do(server: GrafanaServer, plan: Plan, *, prune: bool) -> tuple[Action, ...]:
    """The actions that will change something, each with what is there before."""
    chosen = [*plan.changes, *(plan.of(Verb.PRUNE) if prune else ())]
    return tuple(with_content(server, action) for action in chosen)


def execute(
    server: GrafanaServer,
    actions: tuple[Action, ...],
    progress: Callable[[float, float, str], None] | None = None,
) -> Outcome:
    """Do all of it, or stop at the first refusal.

    Args:
        server: the Grafana.
        actions: what :func:`to_do` returned.
        progress: told how many of how many are done, and the next one's title.
    """
    done: list[Action] = []
    for i, action in enumerate(actions):
        if progress is not None:
            progress(i, len(actions), action.title)
        try:
            _carry_out(server, action)
        except ObserveError as error:
            return Outcome(tuple(done), action, error)
        done.append(action)
    return Outcome(tuple(done))


def _carry_out(server: GrafanaServer, action: Action) -> None:
    if action.verb is Verb.PRUNE or action.resource is None:
        delete(server, action.kind, action.uid)
    else:
        resource = action.resource
        secret = resource.secret or {}
        put(server, resource.kind, {**resource.body}, action.before, secret, resource.digest)


def put(
    server: GrafanaServer,
    kind: Kind,
    body: Json,
    before: Body | None,
    secret: Mapping[str, Any],
    digest: str,
) -> None:
    """Create it when there was none before, else replace what was there.

    Args:
        server: the Grafana.
        kind: of what.
        body: the content.
        before: what is there now, as the server answers it; None for nothing.
        secret: what is sent beside the body and never read back.
        digest: goes into the message of a dashboard's version.
    """
    alerting = Alerting(server)
    if kind is Kind.FOLDER and before is None:
        server.create_folder(body["uid"], body["title"])
    elif kind is Kind.DATASOURCE:
        body |= {"secureJsonData": dict(secret)} if secret else {}
        if before is None:
            server.create_datasource(body)
        else:
            server.update_datasource(dict(before), body)
    elif kind is Kind.DASHBOARD:
        folder = server.folder(FOLDER_UID) or {"uid": FOLDER_UID}
        if before is not None:  # refused when somebody saved another version in the meantime
            body |= {"version": before["dashboard"].get("version", 0)}
        server.save_dashboard(body, folder, digest)
    elif kind is Kind.CONTACT_POINT:
        body |= dict(secret)
        if before is None:
            alerting.create_contact_point(body)
        else:
            alerting.update_contact_point(body["uid"], body)
    elif kind is Kind.RULE_GROUP:
        alerting.put_group(FOLDER_UID, body["title"], body)


def delete(server: GrafanaServer, kind: Kind, uid: str) -> None:
    """Delete one thing of ours; a folder only while nothing is in it."""
    if kind is Kind.FOLDER:
        if server.is_empty(uid):
            server.delete_folder(uid)
        return
    deletions: dict[Kind, Callable[[], None]] = {
        Kind.DASHBOARD: lambda: server.delete_dashboard(uid),
        Kind.DATASOURCE: lambda: server.delete_datasource(uid),
        Kind.CONTACT_POINT: lambda: Alerting(server).delete_contact_point(uid),
        Kind.RULE_GROUP: lambda: Alerting(server).delete_group(FOLDER_UID, uid),
    }
    deletions[kind]()


def _by_uid(found: list[Json], uid: str) -> Json | None:
    return next((item for item in found if item.get("uid") == uid), None)
