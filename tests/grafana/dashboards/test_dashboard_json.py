"""The checked-in JSON: what the code makes, what Grafana's schemas allow, a grid without holes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import jsonschema
import pytest
from dashboard_files import DASHBOARDS, FOLDER, every_panel, every_target
from reference import reference

from observe.grafana import dashboards_json
from observe.grafana.dashboards import generate

BOARDS = pytest.mark.parametrize("name", DASHBOARDS)
SCHEMAS = {"state-timeline": "statetimeline"}


def test_the_files_are_what_the_code_makes() -> None:
    made = {
        name: json.dumps(dashboard, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        for name, dashboard in generate().items()
    }
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert sorted(made) == sorted(there)
    stale = [name for name in made if made[name] != there[name]]
    assert stale == [], "run scripts/make_dashboards.py"


def test_the_package_offers_the_same_dashboards() -> None:
    assert dashboards_json() == DASHBOARDS


def test_there_is_one_dashboard_for_each_question() -> None:
    assert {d["uid"] for d in DASHBOARDS.values()} == {
        *("observe-mesh", "observe-service", "observe-workload", "observe-edge"),
        *("observe-resilience", "observe-slo", "observe-resources", "observe-control-plane"),
        *("observe-ambient", "observe-federation"),
    }


def _schema(kind: str) -> dict[str, Any]:
    path = reference("grafana", "jsonschema", f"{SCHEMAS.get(kind, kind)}.jsonschema.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _errors(schema: dict[str, Any], part: str, document: object) -> list[str]:
    wanted = {"$ref": f"#/definitions/{part}", "definitions": schema["definitions"]}
    found = jsonschema.Draft7Validator(wanted).iter_errors(document)
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[-200:]}" for e in found]


def _anything(schema: dict[str, Any]) -> dict[str, Any]:
    """The published schema says "object" where Grafana's own model says "any value"."""
    definitions = schema["definitions"]
    definitions["MatcherConfig"]["properties"]["options"] = {}
    definitions["DynamicConfigValue"]["properties"]["value"] = {}
    return schema


@pytest.mark.shared
@BOARDS
def test_a_dashboard_fits_the_schema_of_dashboards(name: str) -> None:
    assert _errors(_anything(_schema("dashboard")), "Dashboard", DASHBOARDS[name]) == []


@pytest.mark.shared
@pytest.mark.parametrize(
    "kind", ["timeseries", "stat", "table", "bargauge", "heatmap", "state-timeline"]
)
def test_panels_fit_the_schema_of_their_kind(kind: str) -> None:
    schema = _schema(kind)
    seen = [panel for _, panel in every_panel() if panel["type"] == kind]
    assert seen, f"no panel is a {kind}: this test checks nothing"
    for panel in seen:
        assert _errors(schema, "Options", panel["options"]) == []
        custom = panel["fieldConfig"]["defaults"].get("custom")
        if custom and "FieldConfig" in schema["definitions"]:
            assert _errors(schema, "FieldConfig", custom) == []


@pytest.mark.shared
def test_queries_fit_the_schema_of_the_data_source() -> None:
    schema = _schema("prometheus")
    for name, title, target in every_target():
        assert _errors(schema, "Dataquery", target) == [], (name, title)


def test_no_other_kind_of_panel_is_used() -> None:
    kinds = {panel["type"] for _, panel in every_panel()}
    assert kinds == {"timeseries", "stat", "table", "bargauge", "heatmap", "state-timeline"}


@BOARDS
def test_numbers_of_panels_are_unique(name: str) -> None:
    rows = [panel for panel in DASHBOARDS[name]["panels"] if panel["type"] == "row"]
    inner = [panel for file, panel in every_panel() if file == name]
    ids = [panel["id"] for panel in (*rows, *inner)]
    assert len(ids) == len(set(ids))


def _cells(at: dict[str, int]) -> Iterable[tuple[int, int]]:
    return (
        (x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    )


@BOARDS
def test_the_grid_has_no_overlap_and_no_hole(name: str) -> None:
    listed = DASHBOARDS[name]["panels"]
    for panels in (listed, *(p["panels"] for p in listed if p["type"] == "row")):
        taken = [cell for panel in panels for cell in _cells(panel["gridPos"])]
        assert len(taken) == len(set(taken)), "panels overlap"
        assert all(0 <= x < 24 for x, _ in taken)
        rows = {y for _, y in taken}
        assert len(taken) == 24 * len(rows), "a line is not full"
        assert not rows or rows == set(range(min(rows), max(rows) + 1)), "lines are missing"


@BOARDS
def test_what_is_open_fits_on_two_screens(name: str) -> None:
    shown = [p for p in DASHBOARDS[name]["panels"] if p["type"] != "row"]
    assert 6 <= len(shown) <= 16
    bottom = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in shown)
    assert bottom <= 40


@BOARDS
def test_links_lead_to_dashboards_of_this_set(name: str) -> None:
    uids = {d["uid"] for d in DASHBOARDS.values()}
    addresses = [link["url"] for link in DASHBOARDS[name]["links"] if link["type"] == "link"]
    inside = json.dumps([panel for file, panel in every_panel() if file == name])
    linked = re.findall(r"/d/([\w-]+)", " ".join(addresses) + inside)
    assert linked
    assert set(linked) <= uids
    assert all(link["keepTime"] and link["includeVars"] for link in DASHBOARDS[name]["links"])


def test_a_link_fills_only_variables_that_its_dashboard_has() -> None:
    variables = {
        d["uid"]: {v["name"] for v in d["templating"]["list"]} for d in DASHBOARDS.values()
    }
    checked = 0
    for name, panel in every_panel():
        for url in re.findall(r'"/d/[^"]+"', json.dumps(panel["fieldConfig"]["overrides"])):
            uid = re.match(r'"/d/([\w-]+)', url)
            assert uid
            filled = set(re.findall(r"var-(\w+)=", url))
            carried = set(re.findall(r"\$\{(\w+):queryparam\}", url))
            here = variables[DASHBOARDS[name]["uid"]]
            assert filled <= variables[uid.group(1)], (name, panel["title"])
            assert carried <= here, (name, panel["title"])
            assert "${__url_time_range}" in url
            checked += 1
    assert checked >= 10


def test_cells_of_links_name_columns_that_the_table_has() -> None:
    for name, panel in every_panel():
        organize = [t for t in panel["transformations"] if t["id"] == "organize"]
        titles = set(organize[0]["options"]["renameByName"].values()) if organize else set()
        used = set(re.findall(r"__data\.fields\.(\w+)", json.dumps(panel)))
        assert used <= titles, (name, panel["title"])
        overridden = {o["matcher"]["options"] for o in panel["fieldConfig"]["overrides"]}
        assert overridden <= titles, (name, panel["title"])


@BOARDS
def test_deployments_and_report_runs_are_marked(name: str) -> None:
    marks = {mark["name"]: mark for mark in DASHBOARDS[name]["annotations"]["list"]}
    assert "observed_generation" in marks["Deployments"]["expr"]
    assert marks["Tuning reports"]["target"]["tags"] == ["observe-report"]


@BOARDS
def test_the_refresh_is_not_aggressive(name: str) -> None:
    dashboard = DASHBOARDS[name]
    assert dashboard["refresh"] in ("1m", "5m")
    assert dashboard["timezone"] == "browser"
    assert dashboard["editable"] is False
    assert dashboard["schemaVersion"] == 42
    assert "id" not in dashboard
