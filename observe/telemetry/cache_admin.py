"""What the folder of past days holds, and making room in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from observe.errors import OutputError
from observe.telemetry.cache import SERVER_FILE, TAG_FILE
from observe.telemetry.cache_files import PARTIAL, SUFFIX, SURVEY_SUFFIX

_PLACE = re.compile(r"[0-9a-f]{16}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class KeptServer:
    """The days that are kept of one server and tenant.

    Attributes:
        url: its address; "" where the folder does not tell.
        tenant: "" for none.
        days: the days, ascending.
        files: number of files.
        bytes: their size.
    """

    url: str
    tenant: str
    days: tuple[date, ...]
    files: int
    bytes: int


def contents(folder: Path) -> list[KeptServer]:
    """What is kept, by address and tenant."""
    servers = []
    for place in _places(folder):
        url, tenant = _whose(place)
        files = [(day, file) for day, file in _files(place) if not _is_partial(file)]
        days = tuple(sorted({day for day, _ in files}))
        size = sum(file.stat().st_size for _, file in files)
        servers.append(KeptServer(url, tenant, days, len(files), size))
    return sorted(servers, key=lambda server: (server.url, server.tenant))


def clear(folder: Path, before: date | None = None) -> tuple[int, int]:
    """Delete days; whatever else lies in the folder is left alone.

    Args:
        folder: the folder of all servers.
        before: days before this one only.

    Returns:
        Number of files that were deleted, and their size in bytes.

    Raises:
        OutputError: a file could not be deleted.
    """
    count = size = 0
    try:
        for place in _places(folder):
            for day, file in list(_files(place)):
                if before is None or day < before:
                    size += file.stat().st_size
                    file.unlink()
                    count += 1
            _remove_empty(place)
        if before is None and folder.is_dir() and not _places(folder):
            (folder / TAG_FILE).unlink(missing_ok=True)
            _remove_if_empty(folder)
    except OSError as error:
        raise OutputError(
            f"{error.filename or folder} cannot be deleted: {error.strerror}"
        ) from error
    return count, size


def _places(folder: Path) -> list[Path]:
    """The folders of servers."""
    if not folder.is_dir():
        return []
    return [p for p in sorted(folder.iterdir()) if _PLACE.fullmatch(p.name) and p.is_dir()]


def _files(place: Path) -> Iterator[tuple[date, Path]]:
    """Files of days, whole ones and what interrupted runs left, each with its day."""
    for day in sorted(place.iterdir()):
        if _DAY.fullmatch(day.name) and day.is_dir():
            for file in sorted(day.iterdir()):
                if file.suffix in (SUFFIX, SURVEY_SUFFIX) or _is_partial(file):
                    yield date.fromisoformat(day.name), file


def _is_partial(file: Path) -> bool:
    """Whether an interrupted run left it."""
    return file.name.startswith(PARTIAL)


def _whose(place: Path) -> tuple[str, str]:
    try:
        about = json.loads((place / SERVER_FILE).read_text(encoding="utf-8"))
        return str(about["url"]), str(about["tenant"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", ""


def _remove_empty(place: Path) -> None:
    """Remove the folders of days without files, and that of a server without days."""
    for day in list(place.iterdir()):
        if _DAY.fullmatch(day.name) and day.is_dir():
            _remove_if_empty(day)
    if [path.name for path in place.iterdir()] == [SERVER_FILE]:
        (place / SERVER_FILE).unlink()
        place.rmdir()


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()
