"""Write an export: the whole folder at once, or nothing.

Layout: `manifests/` to apply, `rollback/` to undo, `changes.patch`, `summary.md`, `export.json`.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from observe.errors import OutputError
from observe.export.plan import ExportPlan
from observe.export.summary import (
    EXPORT_VERSION,
    MANIFESTS,
    ROLLBACK,
    export_document,
    summary_markdown,
)
from observe.folders import require_writable

INDEX = "export.json"


def export_files(plan: ExportPlan) -> dict[str, str]:
    """Every file of an export, relative path → text."""
    files = {f"{MANIFESTS}/{path}": text for path, text in plan.files.items()}
    files |= {f"{ROLLBACK}/{path}": text for path, text in plan.rollback.items()}
    if plan.diff:
        files["changes.patch"] = plan.diff
    files["summary.md"] = summary_markdown(plan)
    document = export_document(plan) | {"files": sorted([*files, INDEX])}
    files[INDEX] = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return files


def check_folder(folder: Path) -> None:
    """Refuse a folder that :func:`write_export` would refuse, before the work is done.

    Raises:
        OutputError: the folder holds other files, or cannot be written.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 (no symlink is followed)
    require_writable(folder)
    require_writable(folder.parent)
    _require_replaceable(folder)


def write_export(plan: ExportPlan, folder: Path) -> list[Path]:
    """Write an export to a folder that is new, empty, or holds an earlier export only.

    An earlier export is replaced as a whole, so that no file of it is applied by mistake.

    Returns:
        The files written, sorted.

    Raises:
        OutputError: the folder holds other files or cannot be written; it is left as it was.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 (no symlink is followed)
    _require_replaceable(folder)
    files = export_files(plan)
    scratch: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        fresh = scratch / "new"
        for path, text in files.items():
            target = fresh / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
        _swap(fresh, folder, scratch / "old")
    except OSError as error:
        raise OutputError(
            f"{folder} could not be written: {error.strerror or error}",
            "free some space or name another folder with --output",
        ) from error
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)
    return sorted(folder / path for path in files)


def _swap(fresh: Path, folder: Path, aside: Path) -> None:
    """Put `fresh` in the place of `folder`; when that fails, what was there is back."""
    existed = folder.exists()
    if existed:
        folder.rename(aside)
    try:
        fresh.rename(folder)
    except OSError:
        if existed:
            aside.rename(folder)
        raise


def _require_replaceable(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir() or folder.is_symlink():
        raise OutputError(f"{folder} is not a folder", "name another one with --output")
    try:
        found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}
        known = _written_before(folder / INDEX)
    except OSError as error:
        raise OutputError(f"{folder} cannot be read: {error.strerror or error}") from error
    foreign = sorted(found - known)
    if foreign:
        raise OutputError(
            f"{folder} holds files that no earlier export wrote, such as {foreign[0]}",
            "name an empty or new folder with --output",
        )


def _written_before(index: Path) -> set[str]:
    try:
        document = json.loads(index.read_bytes())
    except (FileNotFoundError, ValueError):
        return set()
    if not isinstance(document, dict) or document.get("schemaVersion") != EXPORT_VERSION:
        return set()
    files = document.get("files")
    return {str(name) for name in files} if isinstance(files, list) else set()
