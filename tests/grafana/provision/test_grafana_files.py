"""The same resources as files and as Kubernetes objects."""

from __future__ import annotations

import json
from typing import Any

import pytest
from reference import reference
from test_grafana_provision import PASSWORD, WEBHOOK, dashboard, everything

from observe.errors import InputError
from observe.export.crd import load_crds
from observe.export.yaml_io import load_documents
from observe.grafana.provision.bundle import bundle
from observe.grafana.provision.files import provisioning_files
from observe.grafana.provision.objects import api_files, operator_files, sidecar_files

NAMES = {
    "GrafanaFolder": "grafanafolders",
    "GrafanaDashboard": "grafanadashboards",
    "GrafanaDatasource": "grafanadatasources",
    "GrafanaAlertRuleGroup": "grafanaalertrulegroups",
}


def one(text: str) -> dict[str, Any]:
    [document] = load_documents(text, "x")
    return dict(document.data)


def all_files() -> dict[str, str]:
    wanted = everything()
    operator = operator_files(wanted, "monitoring", instances={"dashboards": "x"}, secret="s")
    return {
        **provisioning_files(wanted),
        **{f"sidecar/{k}": v for k, v in sidecar_files(wanted, "monitoring").items()},
        **{f"operator/{k}": v for k, v in operator.items()},
        **{f"api/{k}": v for k, v in api_files(wanted).items()},
    }


def test_no_file_holds_a_secret() -> None:
    text = "\n".join(all_files().values())
    assert PASSWORD not in text
    assert "s3cret" not in text
    assert WEBHOOK["settings"]["url"] not in text  # such an address is as good as a password


def test_the_same_resources_give_the_same_bytes() -> None:
    assert list(all_files().items()) == list(all_files().items())


def test_the_data_source_reads_its_password_from_a_file() -> None:
    found = one(provisioning_files(everything())["provisioning/datasources/observe.yaml"])
    edge, federated = found["datasources"]
    secret = {"basicAuthPassword": "$__file{/etc/grafana/secrets/observe-password}"}
    assert edge["secureJsonData"] == secret
    assert edge["jsonData"]["timeInterval"] == "15s"
    assert "secureJsonData" not in federated


def test_a_dollar_in_a_rule_is_not_taken_for_a_variable() -> None:
    found = one(provisioning_files(everything())["provisioning/alerting/observe.yaml"])
    [group] = found["groups"]
    assert (group["folder"], group["interval"]) == ("Observe", "60s")
    first, second = group["rules"]
    assert (first["title"], first["for"]) == ("Burn (1)", "5m")
    assert first["data"][1]["model"]["expression"] == (
        "is_number($$A) || is_nan($$A) || is_inf($$A)"
    )
    assert second["annotations"] == {"summary": "{{ $$values.A.Value }}"}
    [point] = found["contactPoints"]
    assert point["receivers"][0]["settings"] == {
        "password": "$OBSERVE_CONTACT_PASSWORD",
        "url": "$OBSERVE_CONTACT_URL",
    }


def test_files_without_alerts_have_no_alerting() -> None:
    few = bundle([*_sources()], {"one": dashboard("one")})
    assert list(provisioning_files(few)) == [
        "dashboards/observe-test-one.json",
        "provisioning/dashboards/observe.yaml",
        "provisioning/datasources/observe.yaml",
    ]


def test_the_sidecar_finds_one_dashboard_a_config_map() -> None:
    files = sidecar_files(everything(), "monitoring")
    assert list(files) == ["observe-test-one.yaml", "observe-test-two.yaml"]
    found = one(files["observe-test-one.yaml"])
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert found["metadata"]["annotations"] == {"grafana_folder": "Observe"}
    assert json.loads(found["data"]["observe-test-one.json"]) == dashboard("one")


def test_a_dashboard_too_large_for_a_config_map_is_refused() -> None:
    large = {**dashboard("one"), "description": "x" * 900_000}
    with pytest.raises(InputError, match="observe-test-one is too large"):
        sidecar_files(bundle([*_sources()], {"one": large}), "monitoring")


@pytest.mark.shared
def test_the_operators_definitions_accept_every_object() -> None:
    wanted = everything()
    files = operator_files(wanted, "monitoring", instances={"dashboards": "x"}, secret="tiers")
    found = [one(text) for text in files.values()]
    assert sorted({content["kind"] for content in found}) == sorted(NAMES)
    for content in found:
        crds = reference("grafana", "operator-crds", f"{NAMES[content['kind']]}.yaml")
        schemas = load_crds(crds, frozenset({content["kind"]}))
        assert schemas.problems(content) == []


def test_the_operator_takes_the_password_from_the_secret() -> None:
    files = operator_files(everything(), "m", instances={"a": "b"}, secret="tiers")
    spec = one(files["datasource-observe-edge.yaml"])["spec"]
    assert spec["valuesFrom"] == [
        {
            "targetPath": "secureJsonData.basicAuthPassword",
            "valueFrom": {"secretKeyRef": {"name": "tiers", "key": "password"}},
        }
    ]
    assert spec["datasource"]["secureJsonData"] == {"basicAuthPassword": "${password}"}


def test_grafanas_own_api_takes_the_uid_as_the_name() -> None:
    files = api_files(everything(), version="v1beta1")
    found = json.loads(files["observe-test-two.json"])
    assert found["apiVersion"] == "dashboard.grafana.app/v1beta1"
    assert found["metadata"]["name"] == "observe-test-two"
    assert found["metadata"]["annotations"] == {"grafana.app/folder": "observe"}
    assert "uid" not in found["spec"]


def _sources() -> list[Any]:
    from test_grafana_provision import FEDERATED

    return [FEDERATED]
