"""A snapshot: the telemetry of one window, in memory and as a folder of Parquet files."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from observe.errors import InputError, OutputError
from observe.folders import require_writable
from observe.telemetry.frame_spec import FrameSpec
from observe.telemetry.frames import ALL, ENVOY, HOST_ERRORS, HOSTS, OPTIONAL, PROXIES
from observe.telemetry.istiod_frames import ISTIOD, ISTIOD_CONFIG, ISTIOD_TRIGGERS
from observe.telemetry.manifest import SNAPSHOT_VERSION, Manifest
from observe.telemetry.resource_frames import AUTOSCALERS, RESOURCES, RESTARTS, USAGE

MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True)
class Snapshot:
    """Telemetry of one window. Frames follow :mod:`observe.telemetry.frames`."""

    manifest: Manifest
    edges: pd.DataFrame
    requests: pd.DataFrame
    latency: pd.DataFrame
    latency_sum: pd.DataFrame
    messages: pd.DataFrame
    coverage: pd.DataFrame
    containers: pd.DataFrame
    proxies: pd.DataFrame = field(default_factory=PROXIES.empty)
    hosts: pd.DataFrame = field(default_factory=HOSTS.empty)
    host_errors: pd.DataFrame = field(default_factory=HOST_ERRORS.empty)
    envoy: pd.DataFrame = field(default_factory=ENVOY.empty)
    usage: pd.DataFrame = field(default_factory=USAGE.empty)
    resources: pd.DataFrame = field(default_factory=RESOURCES.empty)
    restarts: pd.DataFrame = field(default_factory=RESTARTS.empty)
    autoscalers: pd.DataFrame = field(default_factory=AUTOSCALERS.empty)
    istiod: pd.DataFrame = field(default_factory=ISTIOD.empty)
    istiod_triggers: pd.DataFrame = field(default_factory=ISTIOD_TRIGGERS.empty)
    istiod_config: pd.DataFrame = field(default_factory=ISTIOD_CONFIG.empty)


def save(snapshot: Snapshot, folder: Path) -> None:
    """Write a snapshot as a folder; an older snapshot there is replaced once all is written.

    The same snapshot gives the same bytes.

    Args:
        snapshot: what to write.
        folder: target; absent, empty, or a snapshot.

    Raises:
        OutputError: the target holds something else, or cannot be written; it is as it was.
    """
    folder = Path(folder).absolute()
    check_target(folder)
    beside: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        written = beside / "new"
        written.mkdir()
        _write(snapshot, written)
        _swap(written, folder, beside / "old")
    except (OSError, pa.ArrowException) as error:
        cause = getattr(error, "strerror", None) or str(error)
        raise OutputError(
            f"the snapshot {folder} could not be written: {cause}", "Choose another folder"
        ) from error
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)


def load(folder: Path) -> Snapshot:
    """Read a snapshot.

    Raises:
        InputError: there is none, it is of another version, or a file of it is damaged.
    """
    folder = Path(folder)
    manifest = _read_manifest(folder)
    return Snapshot(manifest, **{spec.name: _read_frame(folder, spec) for spec in ALL})


def is_snapshot(folder: Path) -> bool:
    """Whether a folder says of itself that it is a snapshot, of any version."""
    try:
        document = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    version = document.get("schemaVersion") if isinstance(document, dict) else None
    return isinstance(version, str) and version.startswith("observe-snapshot/")


def check_target(folder: Path) -> None:
    """Refuse a folder that :func:`save` would refuse; nothing is written.

    Raises:
        OutputError: it holds something else than a snapshot, or cannot be written.
    """
    folder = Path(folder).absolute()
    require_writable(folder)
    require_writable(folder.parent)
    if not folder.exists() and not folder.is_symlink():
        return
    hint = "Choose another folder"
    if folder.is_symlink() or not folder.is_dir():
        raise OutputError(f"{folder} is not a folder", hint)
    try:
        empty = not any(folder.iterdir())
    except OSError as error:
        raise OutputError(f"{folder} cannot be read: {error.strerror}", hint) from error
    if not empty and not is_snapshot(folder):
        raise OutputError(f"{folder} exists and is not a snapshot; it is left alone", hint)


def _write(snapshot: Snapshot, folder: Path) -> None:
    for spec in ALL:
        frame = spec.conform(getattr(snapshot, spec.name))
        table = pa.Table.from_pandas(frame, preserve_index=False)
        pq.write_table(table, folder / f"{spec.name}.parquet", compression="zstd")
    text = snapshot.manifest.model_dump_json(by_alias=True, indent=2)
    (folder / MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")


def _swap(written: Path, folder: Path, old: Path) -> None:
    """Put the new folder in the place of the old one, or put the old one back."""
    if not folder.exists():
        written.rename(folder)
        return
    folder.rename(old)
    try:
        written.rename(folder)
    except BaseException:
        old.rename(folder)
        raise


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST_FILE
    hint = "A snapshot is a folder that 'observe collect' or 'observe report' wrote"
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text)
    except FileNotFoundError as error:
        raise InputError(f"{folder} is not a snapshot: {MANIFEST_FILE} is missing", hint) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}", hint) from error
    version = document.get("schemaVersion") if isinstance(document, dict) else None
    if version != SNAPSHOT_VERSION:
        raise InputError(
            f"{folder} is of version {version!r}, and {SNAPSHOT_VERSION!r} is needed",
            "Collect it anew, or use the release that wrote it",
        )
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path} is damaged: {where}: {first['msg']}", hint) from error


def _read_frame(folder: Path, spec: FrameSpec) -> pd.DataFrame:
    path = folder / f"{spec.name}.parquet"
    if spec in OPTIONAL and not path.exists():
        return spec.empty()
    try:
        frame = pq.read_table(path).to_pandas()
    except FileNotFoundError as error:
        raise InputError(f"the snapshot {folder} lacks {path.name}", "Collect it anew") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path} is damaged: {reason}", "Collect it anew") from error
    return spec.conform(frame)
