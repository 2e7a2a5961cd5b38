"""What a Grafana is to hold, and what would have to change for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Body = Mapping[str, Any]


class Kind(StrEnum):
    """Kinds of things that are provisioned, in the order in which they are needed."""

    FOLDER = "folder"
    DATASOURCE = "datasource"
    DASHBOARD = "dashboard"
    CONTACT_POINT = "contactPoint"
    RULE_GROUP = "ruleGroup"

    @property
    def words(self) -> str:
        """As it stands in a sentence."""
        return _WORDS[self]


_WORDS = {
    Kind.FOLDER: "folder",
    Kind.DATASOURCE: "data source",
    Kind.DASHBOARD: "dashboard",
    Kind.CONTACT_POINT: "contact point",
    Kind.RULE_GROUP: "rule group",
}


class Verb(StrEnum):
    """What happens to one of them."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    PRUNE = "prune"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Resource:
    """One thing as it should be.

    Attributes:
        kind: what it is.
        uid: its stable identity; the title of a rule group.
        title: its name for people.
        body: what is sent, without secrets.
        secret: fields that are sent and never read back, such as a password.
    """

    kind: Kind
    uid: str
    title: str
    body: Body
    secret: Body | None = None

    @property
    def digest(self) -> str:
        """The first twelve digits of the SHA-256 of its content."""
        text = json.dumps(self.body, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Action:
    """What happens to one resource.

    Attributes:
        verb: what.
        kind: of what.
        uid: its identity.
        title: its name.
        why: in a few words; empty when the verb says it.
        resource: the wish, None for those to be pruned.
        before: what is there, None when it is not.
    """

    verb: Verb
    kind: Kind
    uid: str
    title: str
    why: str = ""
    resource: Resource | None = None
    before: Body | None = None


@dataclass(frozen=True)
class Plan:
    """All actions, in the order in which they are carried out.

    Attributes:
        actions: each resource once.
        version: the Grafana's version as it says; empty when it does not.
    """

    actions: tuple[Action, ...]
    version: str = ""

    def of(self, *verbs: Verb) -> tuple[Action, ...]:
        """The actions with these verbs."""
        return tuple(action for action in self.actions if action.verb in verbs)

    @property
    def changes(self) -> tuple[Action, ...]:
        """What differs from what is there, pruning left out."""
        return self.of(Verb.CREATE, Verb.UPDATE)
