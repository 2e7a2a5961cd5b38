"""Calls of `PrometheusConnect` whose behaviour would surprise, replaced under the same names.

They keep the shape of the library's answers; new code uses `instant` and `range` of the client.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from prometheus_api_client import PrometheusConnect

from observe.errors import InputError, ObserveError
from observe.telemetry import matchers
from observe.telemetry.settings import ConnectionSettings
from observe.telemetry.transport import Answer, Hook


class LibraryCalls(PrometheusConnect, ABC):  # type: ignore[misc]
    """`PrometheusConnect` without its traps.

    Failures end in one clear line instead of a dump of bytes, times must carry a zone, label
    values are escaped, the check of the connection asks for a query instead of the front page.
    """

    settings: ConnectionSettings
    _method: str

    @abstractmethod
    def _ask(
        self,
        method: str,
        path: str,
        params: list[tuple[str, str]],
        seconds: float | None = None,
        hook: Hook | None = None,
    ) -> Answer: ...

    @abstractmethod
    def probe(self) -> object:
        """Check that queries are answered."""

    def check_prometheus_connection(self, params: Mapping[str, str] | None = None) -> bool:
        """Whether queries are answered; never asks for `/`, which proxies may not pass on."""
        try:
            self.probe()
        except ObserveError:
            return False
        return True

    def custom_query(
        self,
        query: str,
        params: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> list[dict[str, Any]]:
        """Result of an instant query in the API's own shape; see the library."""
        return self._library("/api/v1/query", {"query": query} | dict(params or {}), timeout)

    def custom_query_range(
        self,
        query: str,
        start_time: datetime,
        end_time: datetime,
        step: str,
        params: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> list[dict[str, Any]]:
        """Result of a range query in the API's own shape; see the library."""
        span = {"start": stamp(start_time), "end": stamp(end_time), "step": step}
        asked = {"query": query} | span | dict(params or {})
        return self._library("/api/v1/query_range", asked, timeout)

    def get_current_metric_value(
        self,
        metric_name: str,
        label_config: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """Current samples of a metric; label values are escaped."""
        chosen = matchers.from_mapping(label_config or {})
        return self.custom_query(matchers.selector(metric_name, chosen), params)

    def get_metric_range_data(self, *_args: Any, **_kwargs: Any) -> list[dict[str, Any]]:
        """Refused: the library's chunks overlap and its default times are those of the import.

        Raises:
            InputError: always.
        """
        raise InputError("get_metric_range_data is not offered", "Use range(), which has a frame()")

    def get_metric_aggregation(self, *_args: Any, **_kwargs: Any) -> dict[str, Any]:
        """Refused: the library pools the samples of all series into one list.

        Raises:
            InputError: always.
        """
        raise InputError("get_metric_aggregation is not offered", "Aggregate in PromQL")

    def _library(
        self, path: str, params: Mapping[str, Any], timeout: float | None
    ) -> list[dict[str, Any]]:
        limit = timeout or self.settings.timeout_seconds
        result: list[dict[str, Any]] = self._ask(
            self._method, path, [(k, str(v)) for k, v in params.items()], limit
        ).data["result"]
        return result


def stamp(moment: datetime) -> str:
    """Seconds since the epoch, to the millisecond.

    Raises:
        InputError: the time has no zone, so that it could mean several moments.
    """
    if moment.tzinfo is None:
        raise InputError(f"the time {moment} has no zone", "Use UTC, such as 2026-01-31T00:00Z")
    return f"{moment.astimezone(UTC).timestamp():.3f}"
