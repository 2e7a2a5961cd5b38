"""A Grafana to provision: the double, or a real one when OBSERVE_TEST_GRAFANA_URL is set."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from grafana_contract import Contract
from grafana_double import TOKEN, GrafanaDouble
from reference import reference

from observe.grafana.provision.execute import execute, to_do
from observe.grafana.provision.model import Plan
from observe.grafana.provision.plan import make_plan
from observe.grafana.provision.server import GrafanaServer, GrafanaSettings


@pytest.fixture(scope="session")
def contract() -> Contract:
    return Contract(reference("grafana", "grafana-http-api-2026-07.json"))


@pytest.fixture
def double(contract: Contract) -> Iterator[GrafanaDouble]:
    """Never a real one: for faults, and for looking at what was sent."""
    with GrafanaDouble(contract) as server:
        yield server


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> GrafanaSettings:
    url = os.environ.get("OBSERVE_TEST_GRAFANA_URL")
    if url:
        return GrafanaSettings(url, os.environ.get("OBSERVE_TEST_GRAFANA_TOKEN", ""))
    return GrafanaSettings(request.getfixturevalue("double").url, TOKEN)


@pytest.fixture
def grafana(settings: GrafanaSettings) -> Iterator[GrafanaServer]:
    """Empty of what is ours, before and after."""
    server = GrafanaServer(settings)
    _empty(server)
    yield server
    _empty(server)


def _empty(server: GrafanaServer) -> None:
    plan: Plan = make_plan(server, [])
    assert execute(server, to_do(server, plan, prune=True)).error is None
