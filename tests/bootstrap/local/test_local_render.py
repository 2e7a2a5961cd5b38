"""The files and command lines of the local stack, without running anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from observe.bootstrap.local.programs import require_version
from observe.bootstrap.local.render import commands, render
from observe.bootstrap.local.settings import LocalSettings, Places
from observe.bootstrap.local.targets import likely_slips, parse_targets, scrape_jobs
from observe.bootstrap.stack import ExternalTier, Stack
from observe.errors import InputError

PORTS = {"edge": 1, "external": 2, "alertmanager": 3}
PLACES = Places(Path("/stack"))
PROGRAMS = {"prometheus": Path("/bin/prometheus"), "alertmanager": Path("/bin/alertmanager")}


def _settings(stack: Stack | None = None, **more: object) -> LocalSettings:
    return LocalSettings(stack or Stack(), PORTS, **more)  # type: ignore[arg-type]


def test_targets_are_grouped_by_job_and_a_path_may_follow() -> None:
    found = parse_targets(["istiod=h:15014", "apps=a:1", "apps=b:2/stats"])
    assert found == {"istiod": ["h:15014"], "apps": ["a:1", "b:2/stats"]}
    assert parse_targets(["six=[::1]:9"]) == {"six": ["[::1]:9"]}


@pytest.mark.parametrize(
    "text", ["h:1", "=h:1", "a=h", "a=:1", "a=h:0", "a=h:99999", "a=h:x", "a=http://h:1", ""]
)
def test_a_target_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not understood"):
        parse_targets([text])


@pytest.mark.parametrize("job", ["prometheus", "alertmanager", "targets"])
def test_a_job_that_the_stack_has_is_refused(job: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_targets([f"{job}=h:1"])
    assert caught.value.message == f"--target '{job}=h:1': the stack has a job {job} already"
    assert caught.value.hint == f"choose another name, such as my-{job}"


def test_a_job_almost_named_like_one_of_istio_is_a_likely_slip() -> None:
    assert likely_slips(["sidecars", "gateway", "istiod", "istio-sidecars", "apps"]) == {
        "sidecars": "istio-sidecars",
        "gateway": "istio-gateways",
    }


def test_proxies_are_asked_at_the_path_of_the_agent_and_others_at_metrics() -> None:
    jobs = scrape_jobs({"istio-sidecars": ["a:1", "b:2/x/y"], "istiod": ["c:3"]}, None)
    assert [job["static_configs"] for job in jobs] == [
        [
            {"targets": ["a:1"], "labels": {"__metrics_path__": "/stats/prometheus"}},
            {"targets": ["b:2"], "labels": {"__metrics_path__": "/x/y"}},
        ],
        [{"targets": ["c:3"], "labels": {"__metrics_path__": "/metrics"}}],
    ]


def test_the_external_tier_federates_the_local_edge_and_those_with_an_address() -> None:
    clusters = [{"name": "east"}, {"name": "west", "edgeUrl": "http://w:9090"}, {"name": "north"}]
    stack = Stack.model_validate({"clusters": clusters})
    external = YAML(typ="safe").load(render(_settings(stack), PLACES)["external/prometheus.yml"])
    jobs = {job["job_name"]: job for job in external["scrape_configs"]}
    assert set(jobs) == {"alertmanager", "federate-east", "federate-west", "prometheus"}
    assert jobs["federate-east"]["static_configs"][0]["targets"] == ["127.0.0.1:1"]
    assert jobs["federate-west"]["static_configs"][0]["targets"] == ["w:9090"]


def test_only_loopback_is_listened_on_and_always_behind_the_web_configuration() -> None:
    for name, line in commands(_settings(), PLACES, PROGRAMS).items():
        assert f"--web.listen-address=127.0.0.1:{PORTS[name]}" in line
        assert f"--web.external-url=http://127.0.0.1:{PORTS[name]}" in line
        assert "--web.config.file=/stack/secrets/web.yml" in line


def test_samples_that_are_sent_are_received_only_where_that_is_the_transport() -> None:
    flag = "--web.enable-remote-write-receiver"
    found = commands(_settings(), PLACES, PROGRAMS)
    assert not any(flag in line for line in found.values())
    stack = Stack(external=ExternalTier(transport="remote-write"))
    found = commands(_settings(stack), PLACES, PROGRAMS)
    assert {name for name, line in found.items() if flag in line} == {"external"}


def test_ports_must_differ() -> None:
    with pytest.raises(InputError, match="two processes cannot share a port"):
        LocalSettings(Stack(), PORTS | {"edge": 2})


def test_a_program_that_does_not_know_the_flags_is_refused() -> None:
    require_version("prometheus", "2.36.0")
    require_version("prometheus", "3.5.0-rc.1")
    with pytest.raises(InputError, match=r"prometheus 2.35.9 is too old: 2.36 or newer"):
        require_version("prometheus", "2.35.9")
    with pytest.raises(InputError, match=r"alertmanager 0.21.0 is too old: 0.22 or newer"):
        require_version("alertmanager", "0.21.0")
