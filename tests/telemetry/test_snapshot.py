from __future__ import annotations

import json
import resource
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observe.errors import InputError, OutputError
from observe.telemetry.frames import ALL
from observe.telemetry.manifest import Manifest, Source, Window
from observe.telemetry.snapshot import Snapshot, is_snapshot, load, save

START = datetime(2026, 3, 2, tzinfo=UTC)
HOSTILE = ['o"k', "a\nb", "<script>alert(1)</script>", "x" * 2000, "ünïcødé \U0001f600", ""]


def _snapshot(names: list[str] = HOSTILE, seed: int = 1) -> Snapshot:
    rng = np.random.default_rng(seed)
    size = len(names)

    def column(name: str, dtype: str) -> object:
        if dtype.startswith("datetime"):
            return pd.date_range(START, periods=size, freq="5min").as_unit("ns")
        if dtype == "int32":
            return np.arange(size, dtype="int32")
        if dtype == "float64":
            return np.where(np.arange(size) % 3 == 2, np.inf, rng.lognormal(size=size))
        return pd.Series(names, dtype=dtype)

    frames = {
        spec.name: spec.conform(
            pd.DataFrame({name: column(name, dtype) for name, dtype in spec.columns.items()})
        )
        for spec in ALL
    }
    end = START + timedelta(days=7)
    window = Window(start=START, end=end, step_seconds=300, coarse_step_seconds=3600)
    source = Source(coverage=0.97, warnings=("one", 'tw"o'))
    return Snapshot(Manifest(created_at=end, window=window, source=source), **frames)


def _assert_same(one: Snapshot, two: Snapshot) -> None:
    assert one.manifest == two.manifest
    for spec in ALL:
        pd.testing.assert_frame_equal(getattr(one, spec.name), getattr(two, spec.name))


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


TEXTS = st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=20), max_size=6)


@settings(max_examples=25, deadline=None)
@given(TEXTS)
def test_a_snapshot_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("snapshot") / "s"
    written = _snapshot(names)
    save(written, folder)
    _assert_same(load(folder), written)


def test_empty_frames_come_back_empty(tmp_path: Path) -> None:
    empty = replace(_snapshot(), **{spec.name: spec.empty() for spec in ALL})
    save(empty, tmp_path / "s")
    _assert_same(load(tmp_path / "s"), empty)


def test_the_same_snapshot_gives_the_same_bytes(tmp_path: Path) -> None:
    save(_snapshot(), tmp_path / "one")
    save(_snapshot(), tmp_path / "two")
    assert _bytes(tmp_path / "one") == _bytes(tmp_path / "two")
    assert len(_bytes(tmp_path / "one")) == len(ALL) + 1


def test_an_older_snapshot_is_replaced_and_nothing_is_left_beside(tmp_path: Path) -> None:
    save(_snapshot(seed=1), tmp_path / "s")
    save(_snapshot(seed=2), tmp_path / "s")
    _assert_same(load(tmp_path / "s"), _snapshot(seed=2))
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_a_full_disk_leaves_the_older_snapshot_and_no_rest(tmp_path: Path) -> None:
    save(_snapshot(seed=1), tmp_path / "s")
    before = _bytes(tmp_path / "s")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, hard))  # no file may grow beyond this
    try:
        with pytest.raises(OutputError, match="could not be written"):
            save(_snapshot(seed=2), tmp_path / "s")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert _bytes(tmp_path / "s") == before
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_a_failure_while_folders_are_swapped_puts_the_older_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(_snapshot(seed=1), tmp_path / "s")
    before = _bytes(tmp_path / "s")
    rename = Path.rename

    def unlucky(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", unlucky)
    with pytest.raises(OutputError, match="Input/output error"):
        save(_snapshot(seed=2), tmp_path / "s")
    assert _bytes(tmp_path / "s") == before
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_what_is_not_a_snapshot_is_left_alone(tmp_path: Path) -> None:
    precious = tmp_path / "home"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match="exists and is not a snapshot; it is left alone"):
        save(_snapshot(), precious)
    assert (precious / "thesis.txt").read_text() == "years of work"
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(OutputError, match="is not a folder"):
        save(_snapshot(), file)
    with pytest.raises(OutputError, match="file is not a folder"):
        save(_snapshot(), file / "below")


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    save(_snapshot(), tmp_path / "s")
    assert is_snapshot(tmp_path / "s")


def test_a_folder_without_manifest_is_not_a_snapshot(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is not a snapshot: manifest.json is missing"):
        load(tmp_path)
    with pytest.raises(InputError, match="is not a snapshot"):
        load(tmp_path / "absent")


def test_damage_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    save(_snapshot(), folder)
    whole = _bytes(folder)

    def damaged(name: str, content: bytes) -> str:
        for known, original in whole.items():
            (folder / known).write_bytes(original)
        (folder / name).write_bytes(content)
        with pytest.raises(InputError) as caught:
            load(folder)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    parquet = whole["requests.parquet"]
    assert "requests.parquet is damaged" in damaged("requests.parquet", parquet[:-20])
    assert "requests.parquet is damaged" in damaged("requests.parquet", b"")
    assert "lacks the column" in damaged("requests.parquet", whole["edges.parquet"])
    assert "cannot be read" in damaged("manifest.json", b"{")
    manifest = json.loads(whole["manifest.json"])
    foreign = manifest | {"schemaVersion": "observe-snapshot/v9"}
    assert "is of version 'observe-snapshot/v9'" in damaged(
        "manifest.json", json.dumps(foreign).encode()
    )
    odd = manifest | {"window": {"start": "tomorrow"}}
    assert "is damaged: window" in damaged("manifest.json", json.dumps(odd).encode())
    for known, original in whole.items():
        (folder / known).write_bytes(original)
    (folder / "coverage.parquet").unlink()
    with pytest.raises(InputError, match=r"lacks coverage.parquet"):
        load(folder)
