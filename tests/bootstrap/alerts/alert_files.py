"""The rules of every alert there may be, and the cases that they are tested with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import promql_parser
from ruamel.yaml import YAML

from observe.bootstrap.alerts import edge_alerts, external_alerts
from observe.bootstrap.alerts.runbooks import rules_by_alert
from observe.bootstrap.stack import EdgeTier, ExternalTier, Stack

ROOT = Path(__file__).resolve().parents[3]
CASES = sorted((ROOT / "rules" / "tests").glob("alerts-*.yaml"))
OPTIONAL = {p.stem: p for p in (Path(__file__).parent / "optional").glob("*.yaml")}
STACKS = {
    "plain": Stack(),
    "pair": Stack(edge=EdgeTier(replicas=2)),
    "remote-write": Stack(external=ExternalTier(transport="remote-write")),
}
ALERTS: dict[str, list[dict[str, Any]]] = {}
for _stack in STACKS.values():
    for _name, _rules in rules_by_alert({**external_alerts(_stack), **edge_alerts(_stack)}).items():
        ALERTS.setdefault(_name, []).extend(r for r in _rules if r not in ALERTS.get(_name, ()))


def loaded(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text("utf-8"))


def metrics_in(expression: str, known: set[str]) -> set[str]:
    """Names of the metrics that an expression reads; a pattern stands for those it matches."""
    promql_parser.parse(expression)
    names = set()
    text = re.sub(r'__name__=~"([^"]+)"', lambda m: f"pattern<{m.group(1)}>", expression)
    for pattern in re.findall(r"pattern<([^>]+)>", text):
        matched = {name for name in known if re.fullmatch(pattern, name)}
        assert matched, pattern
        names |= matched
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|pattern<[^>]+>', '""', text)
    bare = re.sub(r"\b(by|on|without|ignoring)\s*\([^)]*\)|\{[^}]*\}|\[[^\]]*\]", " ", bare)
    words = re.findall(r"[a-zA-Z_][\w:]*(?!\w*\s*\()", bare)
    return names | {word for word in words if ":" in word or "_" in word or word == "up"}
