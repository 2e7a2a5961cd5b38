"""Fixtures that talk to real servers on loopback; every server is stopped at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from observe.bootstrap.binaries import find_binary
from observe.bootstrap.prometheus import PrometheusServer, free_port
from observe.errors import InputError


@pytest.fixture(scope="session", autouse=True)
def _own_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests leave the user's cache alone; tables are as wide as they need, whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COLUMNS", raising=False)
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def prometheus_server(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., PrometheusServer]]:
    """A factory of running servers: `prometheus_server(config=..., flags=...)`, each empty."""
    try:
        find_binary("prometheus")
    except InputError as error:
        pytest.skip(str(error))
    with ExitStack() as stack:

        def start(folder: Path | None = None, **options: Any) -> PrometheusServer:
            folder = folder or tmp_path_factory.mktemp("prometheus")
            return stack.enter_context(PrometheusServer(folder, **options))

        yield start


@pytest.fixture
def unused_port() -> int:
    """A TCP port on loopback that nobody listens on."""
    return free_port()
