"""The commands and queries of docs/runbooks.md can be run as they stand there."""

from __future__ import annotations

import re
import subprocess

import promql_parser
import pytest
from alert_files import ROOT

from observe.bootstrap.binaries import find_binary
from observe.bootstrap.kubernetes.pods import DATA_FOLDER

PAGE = (ROOT / "docs" / "runbooks.md").read_text("utf-8")
QUERIES = re.findall(r"```promql\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
]


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_is_promql(query: str) -> None:
    promql_parser.parse(query)


def test_promtool_takes_every_query_as_the_expression_of_a_rule(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("queries") / "queries.yaml"
    rules = "\n".join(
        f"  - record: q{number}\n    expr: |\n" + re.sub("(?m)^", "      ", query)
        for number, query in enumerate(QUERIES)
    )
    file.write_text(f"groups:\n- name: runbooks\n  rules:\n{rules}\n", "utf-8")
    done = subprocess.run(
        [find_binary("promtool"), "check", "rules", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(QUERIES)} rules found" in done.stdout


@pytest.mark.parametrize("line", COMMANDS)
def test_no_command_keeps_a_variable_from_the_shell(line: str) -> None:
    quoted = re.findall(r"'([^']*)'", line)
    assert [part for part in quoted if re.search(r"\$[a-z_]", part)] == []


@pytest.mark.parametrize("line", [x for x in COMMANDS if "istioctl proxy-config" in x])
def test_a_pod_is_named_with_its_namespace(line: str) -> None:
    assert re.search(r"proxy-config \w+ <(client )?pod>\.<namespace>", line)


def test_stale_proxies_are_looked_for_by_their_state() -> None:
    """Lines without SYNCED would leave out a proxy of which one type is stale."""
    filters = [line for line in COMMANDS if line.startswith("istioctl proxy-status -v 1 |")]
    assert filters == ["istioctl proxy-status -v 1 | grep -E '^NAME|STALE|ERROR'"] * 2
    table = (
        "NAME       CDS      LDS      EDS      RDS\n"
        "web.shop   SYNCED   STALE    SYNCED   SYNCED\n"
        "pay.shop   SYNCED   SYNCED   SYNCED   NOT SENT\n"
    )
    command = filters[0].partition("| ")[2]
    done = subprocess.run(
        ["sh", "-c", command], input=table, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == table.splitlines()[:2]


def test_the_volume_is_looked_at_where_the_manifests_mount_it() -> None:
    assert f"kubectl -n <namespace> exec <pod> -- df -h {DATA_FOLDER}" in COMMANDS


def test_the_log_before_a_restart_is_asked_for_last() -> None:
    body = PAGE.split("### IstioControlPlaneDown\n")[1].split("\n### ")[0]
    logs = re.findall(r"^kubectl .* logs .*$", body, re.MULTILINE)
    assert logs == [
        "kubectl -n istio-system logs -l app=istiod --tail=50",
        "kubectl -n istio-system logs <istiod pod> --previous --tail=50",
    ]


def test_queries_of_a_person_show_every_reporter_or_name_one_on_purpose() -> None:
    shown = [q for q in QUERIES if "$service" in q and 'reporter="source"' in q]
    assert shown == []
