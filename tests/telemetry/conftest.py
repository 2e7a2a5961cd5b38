"""Fixtures of the telemetry tests."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator

import pytest
from scripted_api import Api, Asked, Reply


@pytest.fixture
def api() -> Iterator[Callable[..., Api]]:
    """A factory of servers: `api(answer, tls=None)`."""
    running: list[Api] = []

    def start(answer: Callable[[Asked], Reply], tls: ssl.SSLContext | None = None) -> Api:
        running.append(Api(answer, tls))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def raw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever can be read raw is."""
    monkeypatch.setattr("observe.telemetry.raw._LOADING", -1e9)
    monkeypatch.setattr("observe.telemetry.raw._COMPILING", -1e9)
    monkeypatch.setattr("observe.telemetry.paths._RAW_SAMPLES", 1e15)
    monkeypatch.setattr("observe.telemetry.paths._RAW_SAMPLE_BYTES", 0.0)
