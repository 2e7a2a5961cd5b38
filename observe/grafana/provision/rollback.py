"""The way back: what was there before a plan was carried out, and putting it there again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from observe.documents import CamelModel
from observe.errors import InputError, ObserveError, OutputError
from observe.folders import write_private
from observe.grafana.provision.alerting import Alerting
from observe.grafana.provision.bundle import FOLDER_UID
from observe.grafana.provision.compare import REDACTED, contains
from observe.grafana.provision.execute import delete, put
from observe.grafana.provision.faults import MissingError
from observe.grafana.provision.model import Action, Kind
from observe.grafana.provision.server import GrafanaServer, Json


class Step(CamelModel):
    """One resource before and after."""

    kind: Kind
    uid: str
    title: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Rollback(CamelModel):
    """The file; it holds no secrets, because a Grafana does not tell them."""

    schema_version: str = "observe-grafana-rollback/v1"
    grafana: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Undone:
    """How one step went; `problem` is empty when it was put back."""

    step: Step
    problem: str = ""


def rollback_of(server: GrafanaServer, actions: Iterable[Action]) -> Rollback:
    """What must be kept so that the actions can be undone."""
    steps = [
        Step(
            kind=action.kind,
            uid=action.uid,
            title=action.title,
            before=dict(action.before) if action.before is not None else None,
            after=dict(action.resource.body) if action.resource is not None else None,
        )
        for action in actions
    ]
    return Rollback(grafana=server.host, steps=tuple(steps))


def write_rollback(path: Path, rollback: Rollback) -> None:
    """Write it for its owner only, whole or not at all; an earlier file is not replaced.

    Raises:
        OutputError: it exists, or cannot be written.
    """
    text = json.dumps(rollback.model_dump(mode="json", by_alias=True), indent=1) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, text)
    except FileExistsError as error:
        raise OutputError(
            f"{path} exists already", "Keep it, and name another file with --rollback-file"
        ) from error
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


def read_rollback(path: Path) -> Rollback:
    """Read it back.

    Raises:
        InputError: there is none, or it is no such file.
    """
    try:
        return Rollback.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValidationError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is not a rollback file of a Grafana", "Name the file that --apply wrote"
        ) from error


def undo(server: GrafanaServer, rollback: Rollback) -> list[Undone]:
    """Put back what was there, the last change first.

    What was edited since is left alone and named; nothing else is skipped for it.

    Raises:
        InputError: the file belongs to another Grafana.
    """
    if rollback.grafana != server.host:
        raise InputError(
            f"the file is of the Grafana at {rollback.grafana}, not of {server.host}",
            "Name that Grafana",
        )
    found = []
    for step in reversed(rollback.steps):
        try:
            found.append(Undone(step, _undo(server, step)))
        except ObserveError as error:
            found.append(Undone(step, str(error)))
    return found


def _undo(server: GrafanaServer, step: Step) -> str:
    now = _now(server, step)
    content = now["dashboard"] if now and step.kind is Kind.DASHBOARD else now
    if step.after is not None and content is not None and not contains(content, step.after):
        return "it was changed since: left as it is"
    if step.before is None:
        with suppress(MissingError):
            delete(server, step.kind, step.uid)
        return ""
    body = _content(step)
    secret: Json = {}
    if step.kind is Kind.CONTACT_POINT and REDACTED in json.dumps(body):
        return "its secret settings are not known: put it back by hand"
    put(server, step.kind, body, now, secret, "")
    return ""


def _now(server: GrafanaServer, step: Step) -> Json | None:
    if step.kind is Kind.FOLDER:
        return server.folder(step.uid)
    if step.kind is Kind.DASHBOARD:
        return server.dashboard(step.uid)
    if step.kind is Kind.RULE_GROUP:
        return Alerting(server).group(FOLDER_UID, step.uid)
    listed = (
        server.datasources() if step.kind is Kind.DATASOURCE else Alerting(server).contact_points()
    )
    return next((item for item in listed if item.get("uid") == step.uid), None)


#: What a server answers and does not take.
_ANSWERED_ONLY = {
    Kind.DATASOURCE: (
        *("id", "orgId", "typeName", "typeLogoUrl", "readOnly", "secureJsonFields", "version"),
        *("accessControl", "apiVersion"),
    ),
    Kind.DASHBOARD: ("id", "version", "iteration"),
    Kind.CONTACT_POINT: ("provenance",),
}


def _content(step: Step) -> Json:
    before = dict(step.before or {})
    content = dict(before["dashboard"]) if step.kind is Kind.DASHBOARD else before
    dropped = _ANSWERED_ONLY.get(step.kind, ())
    return {key: value for key, value in content.items() if key not in dropped}
