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
