"""Small files of the local stack: written beside their place and renamed, for their owner only."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bcrypt

from observe.bootstrap.config import hash_password, web_config
from observe.bootstrap.config.credentials import USER
from observe.bootstrap.local.render import credentials
from observe.bootstrap.local.settings import Places
from observe.errors import InputError, OutputError
from observe.export.yaml_io import dump_documents, load_mapping

_PRIVATE = 0o600


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Let what the system refuses end in one line that names the folder.

    Raises:
        OutputError: a file could not be written.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{error.filename or folder} cannot be written: {error.strerror or error}",
            "make room or correct its permissions, or choose another --folder",
        ) from error


def write_private(place: Path, text: str) -> None:
    """Replace a file by one that only its owner can read."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = place.with_name(f".{place.name}.new")
    new.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "w") as file:
            file.write(text)
        new.replace(place)
    finally:
        new.unlink(missing_ok=True)


def write_json(place: Path, document: Mapping[str, Any]) -> None:
    """Replace a JSON file."""
    write_private(place, json.dumps(document, indent=2) + "\n")


def read_json(place: Path) -> dict[str, Any]:
    """A JSON file that this package wrote; empty when there is none, or it makes no sense."""
    try:
        document = json.loads(place.read_bytes())
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def ensure_secrets(places: Places) -> None:
    """Make the password, once, and the web configuration that knows its hash."""
    if not places.password.exists():
        write_private(places.password, secrets.token_urlsafe(24))
    places.password.chmod(_PRIVATE)
    password = read_password(places)
    if not _knows(places.web, password):
        document = web_config(credentials(places), hash_password(password))
        write_private(places.web, dump_documents([document]))


def read_password(places: Places) -> str:
    """The password of the stack.

    Raises:
        InputError: there is none: no stack was ever started here.
    """
    try:
        return places.password.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise InputError(
            f"{places.password} cannot be read: {error.strerror}",
            "start the stack with 'observe bootstrap local --apply'",
        ) from error


def _knows(web: Path, password: str) -> bool:
    try:
        hashed = load_mapping(web)["basic_auth_users"][USER]
        return bcrypt.checkpw(password.encode(), str(hashed).encode())
    except (InputError, KeyError, TypeError, ValueError):
        return False


@contextmanager
def locked(place: Path, message: str) -> Iterator[None]:
    """Hold a lock that dies with the process.

    Raises:
        InputError: another process holds it.
    """
    with place.open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(message, "wait until it is done") from error
        yield
