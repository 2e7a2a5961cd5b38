"""The calls that a Grafana is asked with: grafana-client, its current API only.

Everything is found by uid. A Grafana before 9 knows no data sources by uid and no provisioned
alerts: its data sources are looked up in the list, and alerts are refused with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import observe
from observe.errors import InputError
from observe.grafana.provision.faults import MissingError, translated

Json = dict[str, Any]

#: Marks dashboards that were provisioned, and finds them again.
TAG = "observe"
#: A search answers so many at the most.
_PAGE = 1000
_HASH = re.compile(r"\bobserve:([0-9a-f]{12})$")


@dataclass(frozen=True)
class GrafanaSettings:
    """How to reach a Grafana.

    Attributes:
        url: address of its start page, http or https, with a path when it has one.
        token: a service account's token; empty for none.
        basic: user and password instead of a token.
        ca_file: file of the authority that signed its certificate.
        timeout_seconds: how long one call may take.
    """

    url: str
    token: str = ""
    basic: tuple[str, str] | None = None
    ca_file: str | None = None
    timeout_seconds: float = 15.0

    def __repr__(self) -> str:
        return f"GrafanaSettings(url={self.url!r})"  # secrets stay out of logs and tracebacks


class GrafanaServer:
    """One Grafana; every method is one or two calls.

    Args:
        settings: where it is and who asks.

    Raises:
        InputError: the address is none.
    """

    def __init__(self, settings: GrafanaSettings) -> None:
        from grafana_client.api import GrafanaApi

        parts = _parts(settings.url)
        self.host = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
        prefix = parts.path.strip("/")
        self.api: Any = GrafanaApi(
            auth=settings.basic or settings.token or None,
            host=f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname,
            port=parts.port,
            url_path_prefix=f"{prefix}/" if prefix else "",
            protocol=parts.scheme,
            verify=settings.ca_file or True,
            timeout=settings.timeout_seconds,
            user_agent=f"mesh-observe/{observe.__version__}",
        )
        # A redirected POST would become a GET, which answers 200 and changes nothing.
        self.api.client.s.max_redirects = 0

    def version(self) -> str:
        """Its version, such as `12.1.0`; empty when it is hidden from strangers."""
        with translated("ask for its health", self.host):
            found: Json = self.api.client.GET("/health")
            return str(found.get("version") or "")

    def folder(self, uid: str) -> Json | None:
        """The folder, or None."""
        return self.found(f"read folder {uid}", self.api.folder.get_folder, uid)

    def create_folder(self, uid: str, title: str) -> None:
        """Create it at the top."""
        with translated(f"create folder {title}", self.host):
            self.api.folder.create_folder(title, uid=uid)

    def update_folder(self, uid: str, title: str, version: int) -> None:
        """Give it another title."""
        with translated(f"rename folder {uid}", self.host):
            self.api.folder.update_folder(uid, title=title, version=version)

    def delete_folder(self, uid: str) -> None:
        """Delete it with everything that is in it."""
        with translated(f"delete folder {uid}", self.host):
            self.api.folder.delete_folder(uid)

    def is_empty(self, uid: str) -> bool:
        """Whether nothing is in the folder; False when this Grafana does not tell."""
        try:
            with translated(f"look into folder {uid}", self.host):
                counts = self.api.client.GET(f"/folders/{quote(uid, safe='')}/counts")
                return not any(counts.values())
        except (MissingError, InputError):
            return False

    def datasources(self) -> list[Json]:
        """All data sources, without their secrets."""
        with translated("list data sources", self.host):
            return list(self.api.datasource.list_datasources())

    def create_datasource(self, body: Mapping[str, Any]) -> None:
        """Create one; `body` holds its uid."""
        with translated(f"create data source {body['name']}", self.host):
            self.api.datasource.create_datasource(dict(body))

    def update_datasource(self, held: Json, body: Mapping[str, Any]) -> None:
        """Replace its settings; secrets that are not named stay."""
        doing = f"update data source {held['uid']}"
        try:
            with translated(doing, self.host):
                self.api.datasource.update_datasource_by_uid(held["uid"], dict(body))
        except MissingError:  # a Grafana before 9 has no such path
            with translated(doing, self.host):
                self.api.datasource.update_datasource(held["id"], dict(body))

    def delete_datasource(self, uid: str) -> None:
        """Delete it; nothing happens when it is not there."""
        doing = f"delete data source {uid}"
        try:
            with translated(doing, self.host):
                self.api.datasource.delete_datasource_by_uid(uid)
        except MissingError:  # gone already, or a Grafana before 9, which has no such path
            for held in self.datasources():
                if held.get("uid") == uid:
                    with translated(doing, self.host):
                        self.api.datasource.delete_datasource_by_id(held["id"])

    def dashboard(self, uid: str) -> Json | None:
        """`dashboard` and `meta`, or None."""
        return self.found(f"read dashboard {uid}", self.api.dashboard.get_dashboard, uid)

    def saved_digest(self, uid: str) -> str:
        """The digest in the message of a dashboard's last version; empty when there is none.

        It tells a dashboard that Grafana itself brought to a newer schema from one that a person
        edited: an edit makes a version with another message.
        """
        path = f"/dashboards/uid/{quote(uid, safe='')}/versions"
        try:
            with translated(f"read versions of dashboard {uid}", self.host):
                found = self.api.client.GET(path, params={"limit": 1})
                versions = found["versions"] if isinstance(found, dict) else found
                message = str(versions[0].get("message") or "") if versions else ""
        except (MissingError, InputError):
            return ""
        match = _HASH.search(message)
        return match.group(1) if match else ""

    def tagged_dashboards(self) -> list[Json]:
        """Dashboards with our tag: `uid`, `title`, `folderUid`."""
        with translated("search dashboards", self.host):
            found = self.api.search.search_dashboards(tag=TAG, type_="dash-db", limit=_PAGE)
            return [dict(hit) for hit in found]

    def save_dashboard(self, body: Mapping[str, Any], folder: Json, digest: str) -> None:
        """Create or replace it; `body` holds the version that is replaced, if there is one."""
        with translated(f"save dashboard {body['uid']}", self.host):
            self.api.dashboard.update_dashboard(
                {
                    "dashboard": dict(body),
                    # A Grafana before 8 reads folderId, later ones folderUid.
                    "folderId": folder.get("id", 0),
                    "folderUid": folder["uid"],
                    "overwrite": False,
                    "message": f"observe:{digest}",
                }
            )

    def delete_dashboard(self, uid: str) -> None:
        """Delete it."""
        with translated(f"delete dashboard {uid}", self.host):
            self.api.dashboard.delete_dashboard(uid)

    def found(self, doing: str, ask: Any, *arguments: str) -> Json | None:
        """What a call answers, or None when there is no such thing."""
        try:
            with translated(doing, self.host):
                found: Json = ask(*arguments)
                return found
        except MissingError:
            return None


def _parts(url: str) -> Any:
    try:
        parts = urlsplit(url)
        port_is_number = parts.port is None or parts.port > 0
    except ValueError as error:
        raise InputError(f"{url!r} is not the address of a Grafana: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_number:
        raise InputError(
            "the Grafana's address is none", "write it as https://grafana.example/ with its scheme"
        )
    if parts.username or parts.password:
        raise InputError(
            "the Grafana's address holds a password",
            "use --grafana-user and --grafana-password-file, or a token",
        )
    return parts
