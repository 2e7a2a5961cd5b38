"""Fixtures of the doctor's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from scripted_api import Api, Asked, Reply


@pytest.fixture
def api() -> Iterator[Callable[..., Api]]:
    """A factory of servers: `api(answer)`."""
    with ExitStack() as stack:

        def start(answer: Callable[[Asked], Reply]) -> Api:
            server = Api(answer, None)
            stack.callback(server.stop)
            return server

        yield start
