"""A cluster: the double on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import kube_server
import pytest
from ruamel.yaml import YAML

from observe.apply.cluster import Cluster, connect


@pytest.fixture
def server() -> Iterator[kube_server.KubeServer]:
    """An API server that fails the test when asked what a real one would not understand."""
    running = kube_server.KubeServer()
    yield running
    running.close()
    assert running.violations == []


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Callable[..., Path]:
    """A factory of kubeconfig files: `kubeconfig(url, user={}, cluster={}, context="x")`."""

    def write(
        url: str, *, user: object = None, cluster: object = None, context: str = "east"
    ) -> Path:
        path = tmp_path / f"kubeconfig-{context}"
        document = {
            "apiVersion": "v1", "kind": "Config", "current-context": context,
            "clusters": [{"name": "c", "cluster": {"server": url} | (cluster or {})}],
            "users": [{"name": "u", "user": user or {"token": "t"}}],
            "contexts": [{"name": context, "context": {"cluster": "c", "user": "u"}}],
        }  # fmt: skip
        with path.open("w") as file:
            YAML().dump(document, file)
        return path

    return write


@pytest.fixture
def cluster(server: kube_server.KubeServer, kubeconfig: Callable[..., Path]) -> Iterator[Cluster]:
    """A connection to the double."""
    connection = connect(kubeconfig=kubeconfig(server.url), environment={})
    yield connection
    connection.close()


@pytest.fixture
def moment() -> datetime:
    """When everything happens."""
    return datetime(2026, 11, 22, 6, tzinfo=UTC)
