"""Findings as text, JSON, SARIF and annotations."""

import json

from observe.lint.model import Finding, at_least, in_order
from observe.lint.render import as_github, as_json, as_sarif, as_text

FIRST = Finding(
    *("TOO_MANY_TRIES", "warning", "VirtualService shop/a", "a b.yaml", 7, "up to 6 tries, 100 %"),
    "Set attempts to 3 or less.",
)
MESH = Finding("AMPLIFICATION_BY_DEFAULT", "info", "mesh", "", 0, "27 tries", "Retry at one layer.")


def test_text_has_three_lines_a_finding_and_counts():
    assert as_text([MESH, FIRST]) == (
        "-  info  AMPLIFICATION_BY_DEFAULT  mesh\n"
        "    27 tries\n    -> Retry at one layer.\n"
        "a b.yaml:7  warning  TOO_MANY_TRIES  VirtualService shop/a\n"
        "    up to 6 tries, 100 %\n    -> Set attempts to 3 or less.\n"
        "2 findings: 0 critical, 1 warning, 1 info\n"
        "docs/lint.md explains every code\n"
    )
    assert as_text([]) == "no findings\n"


def test_names_from_files_cannot_steer_the_terminal():
    hostile = Finding("X", "info", "VirtualService a\x1b[2J/b", "f\n.yaml", 1, "a\tb\u202e", "Do.")
    text = as_text([hostile])
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(text.splitlines()) == 5
    assert len(as_github([hostile]).splitlines()) == 1


def test_json_counts_and_links():
    document = json.loads(as_json([MESH, FIRST], {"VirtualService": 1}, {"Service": 2}))
    assert document["schemaVersion"] == "observe-lint/v1"
    assert document["counts"] == {"info": 1, "warning": 1, "critical": 0}
    assert document["judged"] == {"VirtualService": 1}
    assert document["skipped"] == {"Service": 2}
    assert document["findings"][0]["file"] is None
    assert document["findings"][1] == {
        "code": "TOO_MANY_TRIES",
        "severity": "warning",
        "object": "VirtualService shop/a",
        "file": "a b.yaml",
        "line": 7,
        "message": "up to 6 tries, 100 %",
        "advice": "Set attempts to 3 or less.",
        "link": "docs/lint.md#too_many_tries",
    }


def test_sarif_names_the_rules_used_and_the_lines():
    (run,) = json.loads(as_sarif([MESH, FIRST], "1.2"))["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        "TOO_MANY_TRIES",
        "AMPLIFICATION_BY_DEFAULT",
    ]
    mesh, first = run["results"]
    assert "locations" not in mesh
    assert first["level"] == "warning"
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20b.yaml"},
        "region": {"startLine": 7},
    }


def test_annotations_escape_what_commands_would_read():
    assert as_github([FIRST, MESH]) == (
        "::warning file=a b.yaml,line=7,title=TOO_MANY_TRIES::VirtualService shop/a: up to 6 "
        "tries, 100 %25. Set attempts to 3 or less.\n"
        "::notice title=AMPLIFICATION_BY_DEFAULT::mesh: 27 tries. Retry at one layer.\n"
    )
    comma = Finding("X", "critical", "o", "a,b:c.yaml", 1, "m", "d.")
    assert as_github([comma]).startswith("::error file=a%2Cb%3Ac.yaml,line=1,")


def test_findings_are_sorted_and_said_once():
    assert in_order([FIRST, MESH, FIRST]) == (MESH, FIRST)


def test_severities_are_compared_by_urgency():
    assert at_least("critical", "warning")
    assert at_least("warning", "warning")
    assert not at_least("info", "warning")
