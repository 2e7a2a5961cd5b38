"""`observe cache`: what is kept, and making room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from running import Observe

from observe.errors import OutputError
from observe.telemetry.assemble import Table
from observe.telemetry.cache import DayCache, DayQuery
from observe.telemetry.cache_admin import clear, contents

MARK = (1.0, 2.0)
QUERY = DayQuery("latency", "sum(x)", 3600)
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Two servers, one with three days, one with a hostile name and a day; foreign files."""
    folder = tmp_path / "kept"
    table = Table(
        pd.DataFrame({"workload": ["web"]}, dtype="str"),
        np.zeros(1, dtype=np.int64),
        np.zeros(1, dtype=np.int64),
        np.ones(1),
    )
    for ago in (2, 40, 50):
        DayCache(folder, "http://prom").store(QUERY, TODAY - timedelta(days=ago), MARK, table)
    hostile = DayCache(folder, "http://b", "\x1b[31mred")
    hostile.store(QUERY, TODAY - timedelta(days=3), MARK, table)
    (folder / "notes.txt").write_text("mine")
    return folder


def test_what_is_kept_is_shown_by_server(observe: Observe, kept: Path) -> None:
    run = observe("cache", "--cache-dir", kept)
    assert run.code == 0
    head, first, second = run.out.splitlines()
    assert head.startswith(f"{kept}: ")
    assert "\x1b" not in first
    assert "http://b, tenant" in first
    assert "1 days" in first
    span = f"{TODAY - timedelta(days=50):%Y-%m-%d} to {TODAY - timedelta(days=2):%Y-%m-%d}"
    assert f"http://prom: 3 days, {span}, " in second
    size = sum(server.bytes for server in contents(kept))
    assert size == sum(f.stat().st_size for f in kept.rglob("*.parquet"))


def test_old_days_are_cleared_and_new_ones_stay(observe: Observe, kept: Path) -> None:
    run = observe("cache", "clear", "--older-than", "30d", "--cache-dir", kept)
    assert (run.code, run.out.split(",")[0]) == (0, "2 files deleted")
    assert [len(server.days) for server in contents(kept)] == [1, 1]


def test_everything_is_cleared_but_what_is_not_ours(observe: Observe, kept: Path) -> None:
    day = next(kept.glob("*/*-*-*"))
    (day / ".partial-x").write_text("half")
    assert observe("cache", "clear", "--cache-dir", kept).out.startswith("5 files deleted")
    assert [path.name for path in kept.rglob("*")] == ["notes.txt"]
    (kept / "notes.txt").unlink()
    assert observe("cache", "clear", "--cache-dir", kept).out.startswith("0 files deleted")


def test_an_empty_or_absent_folder_is_no_fault(observe: Observe, tmp_path: Path) -> None:
    run = observe("cache", "--cache-dir", tmp_path / "absent")
    assert (run.code, run.out) == (0, f"{tmp_path / 'absent'}: 0 B\n")
    assert clear(tmp_path / "absent") == (0, 0)


def test_an_age_without_clear_is_a_mistake(observe: Observe) -> None:
    run = observe("cache", "--older-than", "30d")
    assert run.code == 2
    assert "goes with clear" in run.error


def test_what_cannot_be_deleted_is_said(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OutputError, match="cannot be deleted: Permission denied"):
        clear(kept)
