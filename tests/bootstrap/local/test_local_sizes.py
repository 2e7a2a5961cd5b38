"""Which mesh the sizes of a plan are for."""

from __future__ import annotations

from pathlib import Path

from observe.bootstrap.local.settings import Places
from observe.bootstrap.local.sizes import read_sizes
from observe.bootstrap.sizing import MeshCounts, estimate
from observe.bootstrap.stack import Stack


def test_where_nothing_runs_sizes_are_those_of_a_typical_mesh(tmp_path: Path) -> None:
    typical = estimate(MeshCounts.typical(services=100, pods=300), Stack())
    found = read_sizes(Stack(), Places(tmp_path))
    assert found == (typical, "a mesh of 100 services and 300 pods")


def test_a_file_left_by_a_stack_that_is_gone_is_not_asked(tmp_path: Path) -> None:
    line = "--web.listen-address=127.0.0.1:1"
    (tmp_path / "processes.json").write_text(f'{{"commands": {{"edge": ["x", "{line}"]}}}}')
    assert read_sizes(Stack(), Places(tmp_path))[1] == "a mesh of 100 services and 300 pods"
