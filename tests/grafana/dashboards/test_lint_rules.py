"""The rules of Grafana's dashboard linter, each as a test; exceptions stand here with a reason."""

from __future__ import annotations

import re

import promql_parser
import pytest
from dashboard_files import DASHBOARDS, every_panel, every_target
from reference import reference

from observe.grafana.preview.variables import fill

BOARDS = pytest.mark.parametrize("name", DASHBOARDS)
FILLED = {
    **{"__rate_interval": "240s", "__interval": "60s", "__range": "21600s", "objective": "0.999"},
    **{"bound": "1000", "cluster": ".*", "namespace": ".*", "service": ".*", "source": ".*"},
    "workload": ".*",
}

#: Rules that are not followed, and why. Two tiers share no job and no instance label: recorded
#: series are sums over instances, so that a matcher on either would empty the federated tier.
#: The last two rules are about another data source.
EXCEPTIONS = {
    "template-job-rule": "recorded series carry no job",
    "template-instance-rule": "recorded series are sums over instances",
    "target-job-rule": "recorded series carry no job",
    "target-instance-rule": "recorded series are sums over instances",
    "target-logql-rule": "there is no Loki",
    "target-logql-auto-rule": "there is no Loki",
}
#: Ranges that mean what they say: the chosen range of an objective, the windows of burn rates, ten
#: minutes of heartbeats and their last hour, five minutes of events.
FIXED_RANGES = {"$__range", "1h", "6h", "10m", "5m"}

#: Units of Grafana that are used.
UNITS = {
    *("percentunit", "reqps", "ops", "cps", "ms", "s", "bytes", "Bps", "short", "none"),
    "bool_on_off",
}


@pytest.mark.shared
def test_every_rule_of_the_linter_is_a_test_here_or_an_exception() -> None:
    listed = reference("grafana", "linter-rules", "index.md").read_text(encoding="utf-8")
    block = listed[listed.index("The linter implements") : listed.index("## Related Rules")]
    rules = set(re.findall(r"^\* \[?`?([a-z-]+)", block, re.M))
    assert len(rules) >= 15
    tested = {
        name.removeprefix("test_").replace("_", "-")
        for name in globals()
        if (name.startswith("test_") and name.endswith("_rule"))
        or name == "test_uneditable_dashboard"
    }
    assert rules == tested | set(EXCEPTIONS)


@BOARDS
def test_template_datasource_rule(name: str) -> None:
    sources = [v for v in DASHBOARDS[name]["templating"]["list"] if v["type"] == "datasource"]
    assert [(v["name"], v["label"], v["query"]) for v in sources] == [
        ("datasource", "Data Source", "prometheus")
    ]


@BOARDS
def test_template_label_promql_rule(name: str) -> None:
    for variable in DASHBOARDS[name]["templating"]["list"]:
        if variable["type"] != "query":
            continue
        query = fill(variable["query"], FILLED)
        found = re.match(r"(?:label_values\((.+), \w+|query_result\((.+))\)$", query, re.S)
        assert found, query
        promql_parser.parse(found.group(1) or found.group(2))


@BOARDS
def test_template_on_time_change_reload_rule(name: str) -> None:
    asked = [v for v in DASHBOARDS[name]["templating"]["list"] if v["type"] == "query"]
    assert asked
    assert {v["refresh"] for v in asked} == {2}


@BOARDS
def test_variables_bear_values_that_mean_something_in_a_regular_expression(name: str) -> None:
    for variable in DASHBOARDS[name]["templating"]["list"]:
        if variable["type"] == "query":
            assert (variable["includeAll"], variable["allValue"]) == (True, ".*")
            assert variable["datasource"]["uid"] == "${datasource}"
    for _, title, target in every_target():
        used = re.findall(r'(\w+)(=~|!~|!=|=)"[^"]*\$(?!__)(\w+)', target["expr"])
        wrong = [u for u in used if u[1] != "=~"]
        assert wrong == [], title


def test_panel_datasource_rule() -> None:
    for name, panel in every_panel():
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, name
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"]


def test_panel_title_description_rule() -> None:
    for name, panel in every_panel():
        about = panel["description"]
        assert panel["title"].strip(), name
        assert 20 <= len(about) <= 420, (name, panel["title"], len(about))


def test_panel_units_rule() -> None:
    for name, panel in every_panel():
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, (name, panel["title"])


def test_panel_no_targets_rule() -> None:
    for name, panel in every_panel():
        assert panel["targets"], (name, panel["title"])
        letters = [target["refId"] for target in panel["targets"]]
        assert letters == [chr(ord("A") + n) for n in range(len(letters))]


def test_target_promql_rule() -> None:
    for name, title, target in every_target():
        try:
            promql_parser.parse(fill(target["expr"], FILLED))
        except ValueError as error:
            pytest.fail(f"{name}, {title}: {error}")


def test_target_rate_interval_rule() -> None:
    for name, title, target in every_target():
        ranges = set(re.findall(r"\[([^\]:]+)\]", re.sub(r'"[^"]*"', "", target["expr"])))
        assert ranges <= {"$__rate_interval", *FIXED_RANGES}, (name, title, ranges)


def test_target_counter_agg_rule() -> None:
    for name, title, target in every_target():
        for found in re.finditer(r"\b([a-z]\w*_total)\b(?!:)", target["expr"]):
            before = re.sub(r"\s+", "", target["expr"][: found.start()])[-14:]
            counted = before.endswith(("rate(", "increase("))
            # 0 * counter fills in zeros, and a label_replace only asks whether it is there; open
            # connections are the difference of two counters.
            presence = before.endswith(("0*", "label_replace("))
            is_gauge = found.group(1) == "envoy_cluster_membership_total"
            difference = is_gauge or (
                "ztunnel" in target["expr"] and "connections_" in found.group(1)
            )
            assert counted or presence or difference, (name, title, found.group(1), before)


@BOARDS
def test_uneditable_dashboard(name: str) -> None:
    assert DASHBOARDS[name]["editable"] is False


def test_lines_have_names() -> None:
    for name, panel in every_panel():
        if panel["type"] in ("timeseries", "state-timeline"):
            assert all(t["legendFormat"] != "__auto" for t in panel["targets"]), panel["title"]
        if panel["type"] == "timeseries" and len(panel["targets"]) > 1:
            names = [t["legendFormat"] for t in panel["targets"]]
            assert len(names) == len(set(names)) or "type" in names[0], (name, panel["title"])
