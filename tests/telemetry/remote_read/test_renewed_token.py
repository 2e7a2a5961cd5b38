"""A token that was replaced during a run is read again for remote read too."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scripted_api import Api, Asked, Reply, failure

from observe.telemetry.catalogue import ENTRIES
from observe.telemetry.client import PrometheusClient
from observe.telemetry.faults import UnreachableError
from observe.telemetry.pieces import Piece
from observe.telemetry.remote_read.semantics import Semantics
from observe.telemetry.remote_read.tables import jobs, read
from observe.telemetry.settings import ConnectionSettings

STREAMED = {"Content-Type": "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"}
(JOB,) = jobs([Piece(ENTRIES[0], datetime(2026, 1, 11, 12, tzinfo=UTC), 300, 144)])


def _wants(token: str) -> Callable[[Asked], Reply]:
    def answer(asked: Asked) -> Reply:
        good = asked.headers.get("authorization") == f"Bearer {token}"
        return Reply(headers=STREAMED) if good else failure(401, "", "expired")

    return answer


@pytest.mark.parametrize(("now", "asked"), [("second-token", 2), ("first-token", 1)])
def test_a_refused_token_is_read_again_once(
    api: Callable[..., Api], tmp_path: Path, now: str, asked: int
) -> None:
    file = tmp_path / "token"
    file.write_text("first-token")
    server = api(_wants("second-token"))
    client = PrometheusClient(ConnectionSettings(server.url, token_file=file))
    file.write_text(now)
    deadline = time.monotonic() + 20
    if now == "second-token":
        assert read(client, JOB, Semantics(), deadline=deadline).series == 0
    else:
        with pytest.raises(UnreachableError, match="wants credentials"):
            read(client, JOB, Semantics(), deadline=deadline)
    assert len(server.asked) == asked
