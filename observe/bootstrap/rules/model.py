"""Rules as Prometheus reads them, and nothing else: plain values in, plain mappings out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

#: A rule file, `{"groups": [...]}`, ready to be written as YAML.
RuleFile = dict[str, Any]


@dataclass(frozen=True)
class Recording:
    """A recording rule.

    Attributes:
        name: the series, `level:metric:operation`.
        expression: PromQL.
        purpose: who reads it and what for, in a few words.
        labels: added to what the expression returns.
    """

    name: str
    expression: str
    purpose: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def as_rule(self) -> dict[str, Any]:
        """As it stands in a rule file."""
        rule: dict[str, Any] = {"record": self.name, "expr": self.expression}
        return rule | ({"labels": dict(self.labels)} if self.labels else {})


@dataclass(frozen=True)
class Alert:
    """An alerting rule.

    Attributes:
        name: CamelCase.
        expression: PromQL; each series that it returns is an alert.
        for_: how long it must hold, as Prometheus writes durations; empty for at once.
        labels: `severity` at the least.
        annotations: `summary`, `description`, `runbook_url`; templates are allowed.
    """

    name: str
    expression: str
    for_: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    def as_rule(self) -> dict[str, Any]:
        """As it stands in a rule file."""
        rule: dict[str, Any] = {"alert": self.name, "expr": self.expression}
        rule |= {"for": self.for_} if self.for_ else {}
        return rule | {"labels": dict(self.labels), "annotations": dict(self.annotations)}


@dataclass(frozen=True)
class Group:
    """Rules that are evaluated one after the other, at one moment.

    Attributes:
        name: unique in a server.
        rules: in the order of evaluation.
        interval_seconds: distance of evaluations; None takes the server's.
    """

    name: str
    rules: Sequence[Recording | Alert]
    interval_seconds: int | None = None

    def as_group(self) -> dict[str, Any]:
        """As it stands in a rule file."""
        group: dict[str, Any] = {"name": self.name}
        if self.interval_seconds is not None:
            group["interval"] = f"{self.interval_seconds}s"
        return group | {"rules": [rule.as_rule() for rule in self.rules]}


def rule_file(groups: Sequence[Group]) -> RuleFile:
    """The groups as one file."""
    return {"groups": [group.as_group() for group in groups]}
