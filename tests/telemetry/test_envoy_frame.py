"""Tables of Envoy's statistics to a frame: zeros, gaps, names, and what is not known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from known_proxies import OUTBOUND, PAY

from observe.telemetry.assemble import Table
from observe.telemetry.build_envoy import envoy
from observe.telemetry.envoy_entries import (
    EXPOSED,
    STATISTICS,
)
from observe.telemetry.frames import EDGES, ENVOY, REQUESTS
from observe.telemetry.manifest import MissingPiece

SECONDS = 3600
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


def _table(columns: tuple[str, ...], *rows: tuple[object, ...]) -> Table:
    """Rows of labels, hour and value."""
    labels = pd.DataFrame([row[:-2] for row in rows], columns=columns).astype("str")
    series = np.arange(len(rows), dtype=np.int64)
    hours = np.array([row[-2] for row in rows], dtype=np.int64)
    values = np.array([row[-1] for row in rows], dtype=np.float64)
    return Table(labels, series, hours * SECONDS * 1000, values)


STATISTIC = ("cluster", "namespace", "workload", "cluster_name")
SHOWN = ("cluster", "namespace", "workload", "statistic")


def _edges(*clusters: str) -> pd.DataFrame:
    rows = [
        {"edge": i, "cluster": cluster, "reporter": "source", "source_workload": "web"}
        | {"source_namespace": "shop", "destination_service": PAY}
        for i, cluster in enumerate(clusters)
    ]
    blank = dict.fromkeys(EDGES.columns, "")
    return EDGES.conform(pd.DataFrame([blank | row for row in rows]))


def _requests(*hours: int) -> pd.DataFrame:
    rows = [{"time": BEGIN + timedelta(hours=h, minutes=35), "edge": 0} for h in hours]
    frame = pd.DataFrame(rows).assign(code="200", flags="-", grpc_status="", requests=5.0)
    return REQUESTS.conform(frame)


def _cells(frame: pd.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    return [
        (int(time.timestamp()) // SECONDS, *values)
        for time, *values in frame[["time", *columns]].itertuples(index=False)
    ]


def test_calls_without_any_retry_are_told_with_the_port_that_the_client_uses() -> None:
    retries = _table(STATISTIC, ("east", "shop", "web", OUTBOUND, 1, 4.0))
    shown = _table(SHOWN, *(("east", "shop", "web", "envoy-retries", h, 2) for h in (0, 1, 2)))
    found = envoy(
        {"envoy-retries": retries, EXPOSED: shown}, _edges("east"), _requests(0, 1, 3), SECONDS
    )
    # in hour 2 there was no call, in hour 3 nothing was exposed
    assert _cells(found, "port", "retries") == [(0, "80", 0.0), (1, "80", 4.0)]
    assert found["ejections"].isna().all()


def test_a_port_is_not_guessed_among_several() -> None:
    other = OUTBOUND.replace("80", "81")
    retries = _table(
        STATISTIC,
        ("east", "shop", "web", OUTBOUND, 1, 4.0),
        ("east", "shop", "web", other, 1, 6.0),
    )
    shown = _table(SHOWN, *(("east", "shop", "web", "envoy-retries", h, 2) for h in (0, 1)))
    found = envoy(
        {"envoy-retries": retries, EXPOSED: shown}, _edges("east"), _requests(0, 1), SECONDS
    )
    assert _cells(found, "port", "retries") == [(0, "", 0.0), (1, "80", 4.0), (1, "81", 6.0)]


def test_a_statistic_that_only_other_workloads_expose_is_unknown() -> None:
    tables = {
        "envoy-retries": _table(STATISTIC, ("east", "shop", "web", OUTBOUND, 0, 4.0)),
        "envoy-ejections": _table(STATISTIC, ("east", "shop", "api", OUTBOUND, 0, 1.0)),
        EXPOSED: _table(
            SHOWN,
            ("east", "shop", "web", "envoy-retries", 0, 1),
            ("east", "shop", "api", "envoy-ejections", 0, 1),
        ),
    }
    found = envoy(tables, _edges("east"), REQUESTS.empty(), SECONDS).set_index("workload")
    assert found.loc["web", ["retries", "ejections"]].tolist() == [
        4.0,
        pytest.approx(np.nan, nan_ok=True),
    ]
    assert found.loc["api", ["retries", "ejections"]].tolist() == [
        pytest.approx(np.nan, nan_ok=True),
        1.0,
    ]


def test_a_statistic_that_was_not_asked_for_is_unknown() -> None:
    tables = {
        "envoy-retries": _table(STATISTIC, ("east", "shop", "web", OUTBOUND, 0, 4.0)),
        EXPOSED: _table(SHOWN, *(("east", "shop", "web", name, 0, 1) for name in STATISTICS)),
    }
    asked = ["envoy-retries", "envoy-ejections"]
    found = envoy(tables, _edges("east"), REQUESTS.empty(), SECONDS, asked=asked)
    assert found[["retries", "ejections"]].to_numpy().tolist() == [[4.0, 0.0]]
    assert found.notna().sum(axis=1).tolist() == [len(ENVOY.columns) - 8]


def test_two_names_of_one_upstream_count_together_and_the_higher_gauge_stands() -> None:
    names = (OUTBOUND, OUTBOUND + ";")
    tables = {
        name: _table(STATISTIC, *(("east", "shop", "web", n, 0, 3.0 + len(n)) for n in names))
        for name in ("envoy-retries", "envoy-connections-active")
    }
    found = envoy(tables, _edges("east"), REQUESTS.empty(), SECONDS)
    size = len(OUTBOUND)
    assert _cells(found, "retries", "connections_active") == [(0, 7.0 + 2 * size, 4.0 + size)]


@pytest.mark.parametrize(("clusters", "told"), [(("east",), "east"), (("east", "west"), "")])
def test_a_cluster_that_series_do_not_tell_is_that_of_the_requests(
    clusters: tuple[str, ...], told: str
) -> None:
    tables = {"envoy-retries": _table(STATISTIC, ("", "shop", "web", OUTBOUND, 0, 3.0))}
    found = envoy(tables, _edges(*clusters), REQUESTS.empty(), SECONDS)
    assert found["cluster"].tolist() == [told]


def test_a_missing_piece_makes_its_span_unknown_and_no_other() -> None:
    calls = [("east", "shop", "web", OUTBOUND, h, 4.0) for h in (0, 1)]
    tables = {
        "envoy-retries": _table(STATISTIC, *calls),
        "envoy-ejections": _table(STATISTIC, *calls),
    }
    gap = MissingPiece(
        query="envoy-retries",
        start=BEGIN + timedelta(hours=1),
        end=BEGIN + timedelta(hours=2),
        reason="no",
    )
    found = envoy(tables, _edges("east"), REQUESTS.empty(), SECONDS, [gap])
    assert found["retries"].tolist() == [4.0, pytest.approx(np.nan, nan_ok=True)]
    assert found["ejections"].tolist() == [4.0, 4.0]


def test_nothing_at_all_is_an_empty_frame() -> None:
    pd.testing.assert_frame_equal(
        envoy({}, EDGES.empty(), REQUESTS.empty(), SECONDS), ENVOY.empty()
    )
    pods = _table(STATISTIC, ("east", "shop", "", OUTBOUND, 0, 3.0))
    assert envoy({"envoy-retries": pods}, EDGES.empty(), REQUESTS.empty(), SECONDS).empty
