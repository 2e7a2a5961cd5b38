"""Where versions of Prometheus differ in what a range and `increase` mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from observe.durations import duration_ms
from observe.errors import ObserveError
from observe.telemetry.client import PrometheusClient

_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
#: Three moments a minute apart, of which the first is the start of the range.
_ON_THE_START = "count_over_time(vector(0)[2m:1m])"
#: A counter that begins five minutes before the end at 45 and gains one a second.
_STARTS_AT_45 = "increase((vector(time()) - {start} >= 45)[10m:1m])"


@dataclass(frozen=True)
class Semantics:
    """How a server evaluates.

    Attributes:
        left_open: a sample on the start of a range is outside of it (Prometheus 3.0 and later);
            so is one that is exactly as old as the lookback.
        zero_after_threshold: `increase` looks for the point at which a counter was zero after it
            has decided how far to extrapolate (prometheus#13725), not before.
        lookback_ms: how old a sample may be that an instant selector takes.
    """

    left_open: bool = False
    zero_after_threshold: bool = False
    lookback_ms: int = 300_000


def find_semantics(client: PrometheusClient) -> Semantics:
    """Ask the server: two queries that need no data, and its flags where it shows them.

    Raises:
        SourceError: no answer.
    """
    start = int(_NOON.timestamp()) - 300 - 45
    moments = client.instant(_ON_THE_START, _NOON).values
    gained = client.instant(_STARTS_AT_45.format(start=start), _NOON).values
    return Semantics(
        left_open=bool(moments.size and moments[0] == 2),
        # 300 in the range, and 45 s or half a minute before: 345 or 330.
        zero_after_threshold=bool(gained.size and gained[0] < 340),
        lookback_ms=_lookback(client),
    )


def _lookback(client: PrometheusClient) -> int:
    told = client.flags().get("query.lookback-delta", "")
    try:
        return int(duration_ms(told))
    except ObserveError:
        return Semantics.lookback_ms
