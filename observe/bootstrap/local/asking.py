"""Questions to the processes of the local stack, over loopback with the stack's password."""

from __future__ import annotations

from types import TracebackType

import requests

from observe.bootstrap.config.credentials import USER
from observe.bootstrap.local.files import read_password
from observe.bootstrap.local.settings import ALERTMANAGER, Places
from observe.bootstrap.prometheus import HOST
from observe.errors import InputError
from observe.telemetry.recorded import HEARTBEAT


class Asker:
    """A session that knows the password; a context manager.

    Args:
        places: where the password is.
        ports: process → port.
    """

    def __init__(self, places: Places, ports: dict[str, int]) -> None:
        self._ports = ports
        self._session = requests.Session()
        self._session.trust_env = False  # neither a proxy nor a netrc is for loopback
        self._session.auth = (USER, read_password(places))

    def __enter__(self) -> Asker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()

    def url(self, process: str) -> str:
        """Address of a process."""
        return f"http://{HOST}:{self._ports[process]}"

    def ready(self, process: str) -> bool:
        """Whether it answers, and to this password."""
        try:
            answer = self._session.get(f"{self.url(process)}/-/ready", timeout=5)
        except requests.RequestException:
            return False
        return answer.status_code == 200

    def reload(self, process: str) -> None:
        """Let it read its configuration again.

        Raises:
            InputError: it refuses the configuration, and keeps the one it had.
        """
        try:
            answer = self._session.post(f"{self.url(process)}/-/reload", timeout=30)
        except requests.RequestException as error:
            raise InputError(f"the {process} process cannot be told to reload") from error
        if answer.status_code != 200:
            said = " ".join(answer.text.split())[:300]
            raise InputError(f"the {process} process refuses its new configuration: {said}")

    def value(self, process: str, query: str) -> float | None:
        """The value of a query with one answer; None when there is none."""
        try:
            answer = self._session.get(
                f"{self.url(process)}/api/v1/query", params={"query": query}, timeout=10
            )
            result = answer.json()["data"]["result"]
            return float(result[0]["value"][1]) if result else None
        except (requests.RequestException, ValueError, KeyError, TypeError, IndexError):
            return None

    def version(self, process: str) -> str:
        """Its version; empty when it does not answer."""
        path = "/api/v2/status" if process == ALERTMANAGER else "/api/v1/status/buildinfo"
        key = "versionInfo" if process == ALERTMANAGER else "data"
        try:
            answer = self._session.get(f"{self.url(process)}{path}", timeout=5).json()
            return str(answer[key]["version"])
        except (requests.RequestException, ValueError, KeyError, TypeError):
            return ""

    def federation_age(self, process: str, cluster: str | None = None) -> float | None:
        """Seconds since the newest evaluation of an edge tier that arrived; None before any.

        Without a cluster: of the edge tier that is furthest behind.
        """
        chosen = f'{{cluster="{cluster}"}}' if cluster else ""
        newest = f"max by (cluster) (timestamp({HEARTBEAT}{chosen}))"
        return self.value(process, f"time() - min({newest})")
