"""Compiling: once, announced, and complete."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba.core import caching

from observe.telemetry.remote_read.crc32c import crc32c
from observe.telemetry.remote_read.kernels import compiled

PROGRAM = """
from observe.telemetry.remote_read.first_use import is_compiled, prepare
print(is_compiled())
prepare(print)
print(is_compiled())
"""


def _run(cache: Path) -> list[str]:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_compiling_is_announced_the_first_time_only(tmp_path: Path) -> None:
    first, second = _run(tmp_path), _run(tmp_path)
    assert (first[0], first[-1]) == ("False", "True")
    assert "compiling" in first[1]
    assert second == ["True", "True"]


def test_checksums_are_those_of_rfc_3720() -> None:
    for data, expected in (
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (b"", 0),
    ):
        assert crc32c(np.frombuffer(data, dtype=np.uint8)) == expected


def test_without_a_folder_to_write_to_functions_are_compiled_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    assert compiled(_doubled)(21) == 42


def _doubled(number: int) -> int:
    return number * 2
