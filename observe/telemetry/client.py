"""The Prometheus client: `prometheus_api_client` under our session, with columns as answers."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from observe.errors import ObserveError
from observe.telemetry import faults
from observe.telemetry.decode import QueryResult, decode, pack
from observe.telemetry.library import LibraryCalls, stamp
from observe.telemetry.manifest import QueryCost
from observe.telemetry.pace import Pace
from observe.telemetry.session import CappedRetry, PrometheusSession, retry_policy
from observe.telemetry.settings import ConnectionSettings
from observe.telemetry.transport import Answer, Hook, exchange


@dataclass(frozen=True)
class ServerInfo:
    """What a server says of itself.

    Attributes:
        name: its name, such as "Prometheus" or "Grafana Mimir".
        version: its version, "" when it keeps that to itself.
    """

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


class PrometheusClient(LibraryCalls):
    """A Prometheus API: Prometheus, Thanos Query, Mimir, VictoriaMetrics and the like.

    Inherits the calls of `PrometheusConnect`, which go through the same session; see
    :class:`observe.telemetry.library.LibraryCalls` for those that behave differently here.

    Args:
        settings: address, credentials and limits; or just the address.
        retry: policy for repeating requests.

    Attributes:
        settings: address, credentials and limits.
        pace: how many queries may run at the same time; told when the server pushes back.
    """

    def __init__(self, settings: ConnectionSettings | str, retry: CappedRetry | None = None):
        if isinstance(settings, str):
            settings = ConnectionSettings(settings)
        self.settings = settings
        self.pace = Pace(settings.max_concurrency)
        retry = retry or retry_policy()
        retry.on_pushback = self.pace.hold_back
        session = PrometheusSession(settings, retry)
        super().__init__(
            url=settings.url, session=session, method="POST", timeout=settings.timeout_seconds
        )
        self._lock = threading.Lock()
        self._cost = QueryCost()

    def __repr__(self) -> str:
        return f"PrometheusClient({self.settings.url!r})"

    @property
    def cost(self) -> QueryCost:
        """What this client has asked so far: queries, seconds of waiting, bytes received."""
        return self._cost

    @property
    def session(self) -> PrometheusSession:
        """The session, for what the query API does not offer: remote read."""
        session: PrometheusSession = self._session
        return session

    def charge(self, queries: int, seconds: float, size: int) -> None:
        """Add to the cost what was asked in another way than through this client's calls."""
        with self._lock:
            self._cost = QueryCost(
                queries=self._cost.queries + queries,
                seconds=self._cost.seconds + seconds,
                bytes=self._cost.bytes + size,
            )

    def probe(self) -> ServerInfo:
        """Check that queries are answered, and find out by whom.

        Raises:
            SourceError: no Prometheus API that can be read.
        """
        self.instant("1")
        try:
            data = self._ask("GET", "/api/v1/status/buildinfo", []).data
        except ObserveError:
            return ServerInfo("Prometheus API", "")  # AMP and some proxies offer queries only
        data = data if isinstance(data, Mapping) else {}
        name = str(data.get("application") or "Prometheus")
        return ServerInfo(name[:80], str(data.get("version", ""))[:80])

    def flags(self) -> Mapping[str, str]:
        """The server's command line flags; empty where it keeps them to itself."""
        try:
            data = self._ask("GET", "/api/v1/status/flags", []).data
        except ObserveError:
            return {}  # gateways do not pass them on
        return {str(k): str(v) for k, v in data.items()} if isinstance(data, Mapping) else {}

    def instant(self, query: str, time: datetime | None = None) -> QueryResult:
        """Evaluate at one moment.

        Args:
            query: PromQL.
            time: moment with a zone; the server's now when not given.

        Raises:
            SourceError: no answer, or the server refused the query.
        """
        params = [("query", query)]
        if time is not None:
            params.append(("time", stamp(time)))
        return self._query("/api/v1/query", params, self.settings.timeout_seconds)

    def range(
        self,
        query: str,
        start: datetime,
        end: datetime,
        step: int,
        *,
        timeout_seconds: float | None = None,
    ) -> QueryResult:
        """Evaluate at start, start + step, ... up to and including end.

        Args:
            query: PromQL.
            start: first moment, with a zone.
            end: last moment, with a zone.
            step: seconds between moments.
            timeout_seconds: time limit, when it is to be shorter than the client's.

        Raises:
            QueryTooLargeError: the server refused it because of its size.
            SourceError: no answer, or the server refused the query.
        """
        limit = min(timeout_seconds or self.settings.timeout_seconds, self.settings.timeout_seconds)
        params = [("query", query), ("start", stamp(start)), ("end", stamp(end))]
        return self._query("/api/v1/query_range", [*params, ("step", str(step))], limit)

    def label_values(
        self, label: str, selectors: Sequence[str], start: datetime, end: datetime
    ) -> tuple[str, ...]:
        """Values that a label takes on the selected series, sorted.

        The span is as coarse as the server's index: a value may stem from just outside.
        """
        path = f"/api/v1/label/{label}/values"
        data = self._ask("GET", path, _selection(selectors, start, end)).data
        return tuple(sorted(map(str, data)))

    def label_names(
        self, selectors: Sequence[str], start: datetime, end: datetime
    ) -> tuple[str, ...]:
        """Names of the labels that the selected series carry, sorted."""
        data = self._ask("GET", "/api/v1/labels", _selection(selectors, start, end)).data
        return tuple(sorted(map(str, data)))

    def _query(self, path: str, params: list[tuple[str, str]], seconds: float) -> QueryResult:
        limited = [*params, ("timeout", f"{seconds:.3f}")]
        answer = self._ask(self._method, path, limited, seconds, pack)
        try:
            result = decode(answer.data)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise faults.not_prometheus(b"", self.settings) from error
        return replace(
            result,
            warnings=answer.warnings,
            infos=answer.infos + result.infos,
            bytes=answer.bytes,
            seconds=answer.seconds,
            partial=answer.partial,
        )

    def _ask(
        self,
        method: str,
        path: str,
        params: list[tuple[str, str]],
        seconds: float | None = None,
        hook: Hook | None = None,
    ) -> Answer:
        limit = seconds or self.settings.timeout_seconds
        try:
            answer = exchange(self._session, self.settings, method, path, params, limit, hook)
        except faults.MethodRefusedError:
            if method != "POST":
                raise
            self._method = "GET"  # read-only proxies let nothing but GET pass
            return self._ask("GET", path, params, seconds, hook)
        except faults.CutAnswerError:
            if path.endswith("/query_range"):
                raise  # perhaps too long for a proxy in between: whoever asked makes it shorter
            answer = exchange(self._session, self.settings, method, path, params, limit, hook)
        self.charge(1, answer.seconds, answer.bytes)
        return answer


def _selection(selectors: Sequence[str], start: datetime, end: datetime) -> list[tuple[str, str]]:
    chosen = [("match[]", selector) for selector in selectors]
    return [*chosen, ("start", stamp(start)), ("end", stamp(end))]
