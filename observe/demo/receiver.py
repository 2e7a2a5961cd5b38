"""The demo's Alertmanager, where this machine has one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from observe.bootstrap.binaries import find_binary
from observe.bootstrap.prometheus import HOST, cause_of_death, free_port
from observe.bootstrap.supervisor import Supervised
from observe.errors import InputError, OutputError, SourceError

_READY_SECONDS = 30.0


@contextmanager
def alertmanager(folder: Path, config: str) -> Iterator[str | None]:
    """An Alertmanager until the end of the block; its `host:port`, or None where there is none.

    Args:
        folder: gets its configuration, its log and its data.
        config: text of `alertmanager.yml`.

    Raises:
        OutputError: the folder cannot be written.
        SourceError: it ended, or was not ready in time.
    """
    try:
        binary = find_binary("alertmanager")
    except InputError:
        yield None
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "alertmanager.yml").write_text(config, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write {folder}: {error.strerror or error}") from error
    port = free_port()
    address = f"{HOST}:{port}"
    child = Supervised(
        [
            str(binary),
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
        ],
        folder / "alertmanager.log",
    )
    try:
        _wait_until_ready(child, address, port)
        yield address
    finally:
        child.stop()


def _wait_until_ready(child: Supervised, address: str, port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    with requests.Session() as session:
        session.trust_env = False  # a proxy for the outside must not see loopback
        while time.monotonic() < deadline:
            if not child.running:
                raise cause_of_death(child.last_lines(20), port, "Alertmanager")
            try:
                if session.get(f"http://{address}/-/ready", timeout=2).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.05)
    raise SourceError(f"Alertmanager was not ready within {_READY_SECONDS:g} s", f"See {child.log}")
