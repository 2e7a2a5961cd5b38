"""A report as a folder: all of it, or what was there before."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

from observe.errors import OutputError
from observe.folders import require_writable
from observe.report.build import ReportFiles
from observe.telemetry.snapshot import Snapshot, check_target, save

HTML, MARKDOWN, SNAPSHOT = "report.html", "report.md", "snapshot"
JSON, PROM = "recommendations.json", "recommendations.prom"


def check_folder(folder: Path) -> None:
    """Refuse a folder that :func:`write_report` would refuse, before the work is done.

    Raises:
        OutputError: the folder, or its snapshot, cannot be written.
    """
    require_writable(folder)
    check_target(folder / SNAPSHOT)


def write_report(files: ReportFiles, folder: Path, snapshot: Snapshot | None = None) -> None:
    """Write the files of a report and, where given, snapshot/.

    Everything is written beside the folder's old content first and takes its place at the end,
    so that an error leaves the old report whole. Other files in the folder are left alone.

    Args:
        files: what :func:`observe.report.build.build_report` returned.
        folder: made when it is missing, together with the folders above it.
        snapshot: the telemetry, to rebuild the report from later.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
    """
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=folder) as partial:
            _write_texts(files, Path(partial))
            if snapshot is not None:
                save(snapshot, folder / SNAPSHOT)
            for name in (PROM, JSON, MARKDOWN, HTML):
                (Path(partial) / name).replace(folder / name)
    except BaseException as error:
        if made:
            _remove_if_unfinished(folder)
        if not isinstance(error, OSError):
            raise
        reason = error.strerror or str(error)
        raise OutputError(
            f"the report cannot be written to {folder}: {reason}",
            "choose a folder that can be written, with --output",
        ) from error


def write_bytes(path: Path, content: bytes) -> None:
    """Write one file, such as a chart, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


def _write_texts(files: ReportFiles, folder: Path) -> None:
    texts = {HTML: files.html, MARKDOWN: files.markdown, JSON: files.json, PROM: files.prom}
    for name, text in texts.items():
        # surrogates in label values cannot be encoded; the report shows them as "?"
        (folder / name).write_bytes(text.encode("utf-8", errors="replace"))


def _remove_if_unfinished(folder: Path) -> None:
    with contextlib.suppress(OSError):
        shutil.rmtree(folder)
