"""The YAML files in the places that were named."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from observe.errors import InputError


def yaml_files(paths: Path | str | Collection[Path | str]) -> Iterator[tuple[Path, str, bool]]:
    """All YAML files in files and folders, each once, sorted within a folder.

    Yields:
        The file as it was given, its name below the folder that was given (below the common one
        where there are several) with `/`, and whether it was named itself.

    Raises:
        InputError: a path does not exist.
    """
    given = [Path(p) for p in ([paths] if isinstance(paths, Path | str) else paths)]
    if len(given) == 1:
        base = given[0] if given[0].is_dir() else given[0].parent
    else:
        base = Path(os.path.commonpath([p.absolute().parent for p in given])) if given else Path()
    seen: set[str] = set()
    for file, explicit in [found for path in given for found in _below(path)]:
        relative = PurePosixPath(file.absolute().relative_to(base.absolute())).as_posix()
        if relative not in seen:
            seen.add(relative)
            yield file, relative, explicit


def _below(path: Path) -> list[tuple[Path, bool]]:
    """Files below a path, and whether each was named itself."""
    if path.is_dir():
        found = (p for p in path.rglob("*") if p.suffix in (".yaml", ".yml") and p.is_file())
        return [(p, False) for p in sorted(found)]
    if not path.exists():
        raise InputError(f"{path} does not exist", "name a file or folder with your YAML")
    return [(path, True)]


def read_bytes(file: Path) -> bytes:
    """The content of a file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}") from error
