"""The parts of docs/runbooks.md that follow from the rules: severity, wait, expression.

The words are a person's; between two marks in each section stands what the rules say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from observe.bootstrap.rules.model import RuleFile

BEGIN = "<!-- rule -->"
END = "<!-- end of rule -->"
_SECTION = re.compile(r"^### (\w+)\n", re.MULTILINE)
_BLOCK = re.compile(re.escape(BEGIN) + r".*?" + re.escape(END), re.DOTALL)

Rules = Mapping[str, Sequence[Mapping[str, Any]]]


def rules_by_alert(files: Mapping[str, RuleFile]) -> dict[str, list[dict[str, Any]]]:
    """Name of an alert → its rules, in the order they stand in the files."""
    found: dict[str, list[dict[str, Any]]] = {}
    for document in files.values():
        for group in document["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    found.setdefault(rule["alert"], []).append(rule)
    return found


def sections(page: str) -> list[str]:
    """The alerts that the page has a section for, in its order."""
    return _SECTION.findall(page)


def with_rules(page: str, rules: Rules) -> str:
    """The page with what the rules say in every section; sections of no alert keep theirs."""
    parts = _SECTION.split(page)
    text = parts[0]
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        block = f"{BEGIN}\n{_facts(rules[name])}\n{END}" if name in rules else None
        text += f"### {name}\n" + (_BLOCK.sub(lambda _, b=block: b, body) if block else body)
    return text


def _facts(rules: Sequence[Mapping[str, Any]]) -> str:
    """Severity, tier and wait of each rule, and the expression of the first."""
    lines = dict.fromkeys(_line(rule) for rule in rules)
    return "\n".join(lines) + f"\n\n```promql\n{rules[0]['expr']}\n```"


def _line(rule: Mapping[str, Any]) -> str:
    labels = rule["labels"]
    window = f", window {labels['window']}" if "window" in labels else ""
    return f"- {labels['severity']}{window}, told after {rule['for']}, {labels['tier']} tier"
