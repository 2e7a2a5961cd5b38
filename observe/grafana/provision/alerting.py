"""The calls for alert rules and contact points, which a Grafana has from version 9.1 on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from observe.errors import SourceError
from observe.grafana.provision.faults import MissingError, translated
from observe.grafana.provision.server import GrafanaServer, Json


class Alerting:
    """Alert rules and contact points of one Grafana.

    What is written can still be edited in the user interface: provenance is left off, as for the
    dashboards, and a plan shows what was edited.

    Args:
        server: whom to ask.
    """

    def __init__(self, server: GrafanaServer) -> None:
        self._server = server
        self._calls: Any = server.api.alertingprovisioning

    def rules(self) -> list[Json]:
        """All alert rules, of all folders.

        Raises:
            SourceError: this Grafana has no provisioning of alerts.
        """
        try:
            with translated("list alert rules", self._server.host):
                return list(self._calls.get_alertrules_all())
        except MissingError as error:
            raise SourceError(
                f"Grafana at {self._server.host} cannot be given alert rules",
                "That needs 9.1 or newer with unified alerting; leave --alerts out",
            ) from error

    def group(self, folder: str, title: str) -> Json | None:
        """The group with its rules, or None."""
        ask = self._calls.get_rule_group
        return self._server.found(f"read rule group {title}", ask, folder, _quoted(title))

    def put_group(self, folder: str, title: str, body: Mapping[str, Any]) -> None:
        """Create or replace a group with all its rules."""
        # The API demands an organisation and overwrites it with the token's: no plan compares it.
        rules = [{"orgID": 1, **rule} for rule in body["rules"]]
        with translated(f"save rule group {title}", self._server.host):
            self._calls.update_rule_group(
                folder, _quoted(title), {**body, "rules": rules}, disable_provenance=True
            )

    def delete_group(self, folder: str, title: str) -> None:
        """Delete a group with all its rules."""
        path = f"/v1/provisioning/folder/{_quoted(folder)}/rule-groups/{_quoted(title)}"
        with translated(f"delete rule group {title}", self._server.host):
            self._server.api.client.DELETE(path, accept_empty_json=True)

    def contact_points(self) -> list[Json]:
        """All contact points; secret settings read `[REDACTED]`."""
        with translated("list contact points", self._server.host):
            return list(self._calls.get_contactpoints())

    def create_contact_point(self, body: Mapping[str, Any]) -> None:
        """Create it; `body` holds its uid."""
        with translated(f"create contact point {body['name']}", self._server.host):
            self._calls.create_contactpoint(dict(body), disable_provenance=True)

    def update_contact_point(self, uid: str, body: Mapping[str, Any]) -> None:
        """Replace it."""
        with translated(f"update contact point {uid}", self._server.host):
            self._calls.update_contactpoint(uid, dict(body), disable_provenance=True)

    def delete_contact_point(self, uid: str) -> None:
        """Delete it."""
        with translated(f"delete contact point {uid}", self._server.host):
            self._server.api.client.DELETE(
                f"/v1/provisioning/contact-points/{_quoted(uid)}", accept_empty_json=True
            )


def _quoted(text: str) -> str:
    return quote(text, safe="")
