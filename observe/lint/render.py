"""Findings as text for a person, JSON, SARIF 2.1.0, and commands for GitHub's annotations."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from observe.lint.model import PAGE, SEVERITIES, Finding
from observe.lint.registry import RULES
from observe.report.escape import plain

SCHEMA_VERSION = "observe-lint/v1"

#: Our severities in the words of SARIF and of GitHub.
_SARIF = {"info": "note", "warning": "warning", "critical": "error"}
_GITHUB = {"info": "notice", "warning": "warning", "critical": "error"}


def as_text(findings: Sequence[Finding]) -> str:
    """Three lines a finding: place, severity, code and object; what is wrong; what to do."""
    lines = []
    for f in findings:
        head = (plain(f.place) or "-", f.severity, f.code, plain(f.object))
        lines += ["  ".join(head), f"    {plain(f.message)}", f"    -> {plain(f.advice)}"]
    lines.append(summary(findings))
    if findings:
        lines.append(f"{PAGE} explains every code")
    return "\n".join(lines) + "\n"


def summary(findings: Sequence[Finding]) -> str:
    """`3 findings: 1 critical, 2 warning, 0 info`."""
    if not findings:
        return "no findings"
    number = Counter(f.severity for f in findings)
    parts = ", ".join(f"{number[name]} {name}" for name in reversed(SEVERITIES))
    return f"{len(findings)} {'finding' if len(findings) == 1 else 'findings'}: {parts}"


def as_json(findings: Sequence[Finding], judged: dict[str, int], skipped: dict[str, int]) -> str:
    """A document for programs; `judged` and `skipped` count objects by kind."""
    number = Counter(f.severity for f in findings)
    document = {
        "schemaVersion": SCHEMA_VERSION,
        "judged": dict(sorted(judged.items())),
        "skipped": dict(sorted(skipped.items())),
        "counts": {name: number[name] for name in SEVERITIES},
        "findings": [_entry(f) for f in findings],
    }
    return json.dumps(document, indent=2) + "\n"


def _entry(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "object": finding.object,
        "file": finding.file or None,
        "line": finding.line or None,
        "message": finding.message,
        "advice": finding.advice,
        "link": finding.link,
    }


def as_sarif(findings: Sequence[Finding], version: str) -> str:
    """SARIF 2.1.0, which code-scanning tools read; `version` is that of this program."""
    used = {f.code for f in findings}
    rules = [
        {
            "id": rule.code,
            "shortDescription": {"text": rule.meaning},
            "help": {"text": f"See {PAGE}#{rule.code.lower()}"},
            "defaultConfiguration": {"level": _SARIF[rule.severity]},
        }
        for rule in RULES
        if rule.code in used
    ]
    run = {
        "tool": {"driver": {"name": "observe lint", "version": version, "rules": rules}},
        "results": [_result(f) for f in findings],
    }
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(document, indent=2) + "\n"


def _result(finding: Finding) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": _SARIF[finding.severity],
        "message": {"text": f"{finding.object}: {finding.message}. {finding.advice}"},
    }
    if finding.line:
        result["locations"] = [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(finding.file)},
                    "region": {"startLine": finding.line},
                }
            }
        ]
    return result


def as_github(findings: Sequence[Finding]) -> str:
    """Workflow commands: one annotation a finding, at its line."""
    lines = []
    for f in findings:
        where = f"file={_property(f.file)},line={f.line}," if f.line else ""
        text = _data(f"{f.object}: {f.message}. {f.advice}")
        lines.append(f"::{_GITHUB[f.severity]} {where}title={_property(f.code)}::{text}")
    return "".join(f"{line}\n" for line in lines)


def _data(text: str) -> str:
    """A message as a workflow command takes it: one line."""
    return plain(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
