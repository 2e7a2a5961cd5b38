"""Alerting rules of both tiers, rendered from the stack.

The external tier judges all clusters by recorded rates, so that there is one place to look; an
edge tier judges only what shows in raw series. What each alert means and what to do about it:
docs/runbooks.md.
"""

from __future__ import annotations

from observe.bootstrap.alerts.build import linked
from observe.bootstrap.alerts.control_plane import control_plane_alerts
from observe.bootstrap.alerts.federation import federation_alerts
from observe.bootstrap.alerts.mesh import mesh_alerts
from observe.bootstrap.alerts.raw import raw_alerts, remote_write_alerts
from observe.bootstrap.alerts.scraping import scraping_alerts
from observe.bootstrap.alerts.servers import server_alerts, watchdog
from observe.bootstrap.alerts.slo import burn_alerts
from observe.bootstrap.alerts.slo_series import SECONDS, slo_groups
from observe.bootstrap.rules.model import Group, RuleFile, rule_file
from observe.bootstrap.stack import Stack


def edge_alerts(stack: Stack) -> dict[str, RuleFile]:
    """File name → alerting rules of an edge tier."""
    page = stack.alerting.runbook_url
    groups = [
        Group("observe.alerts.raw", linked(raw_alerts(stack), page), SECONDS),
        Group("observe.alerts.watchdog", linked([watchdog("edge")], page), SECONDS),
    ]
    if stack.external.transport == "remote-write":
        writing = linked(remote_write_alerts(), page)
        groups.insert(1, Group("observe.alerts.remote-write", writing, SECONDS))
    return {"alerts-edge.yaml": rule_file(groups)}


def external_alerts(stack: Stack) -> dict[str, RuleFile]:
    """File name → alerting rules of the external tier, and the recordings that they stand on.

    The objectives' recordings come first in their file: its groups are evaluated apart from one
    another, and a ratio that is a minute old is good enough.
    """
    groups = {
        "mesh": mesh_alerts(stack),
        "control-plane": control_plane_alerts(stack),
        "federation": [*federation_alerts(stack), watchdog("external")],
        "scraping": scraping_alerts(stack),
        "servers": server_alerts(),
    }
    page = stack.alerting.runbook_url
    objectives = Group("observe.alerts.objectives", linked(burn_alerts(stack), page), SECONDS)
    files = {"alerts-objectives.yaml": rule_file([*slo_groups(stack), objectives])}
    for name, alerts in groups.items():
        group = Group(f"observe.alerts.{name}", linked(alerts, page), SECONDS)
        files[f"alerts-{name}.yaml"] = rule_file([group])
    return files
