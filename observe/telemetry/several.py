"""Several servers in one run: one for each cluster, or two tiers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing.pool import ThreadPool
from urllib.parse import urlsplit

from observe.errors import InputError, SourceError
from observe.telemetry.fetch import Progress
from observe.telemetry.manifest import MissingPiece
from observe.telemetry.merge import merge, name_cluster
from observe.telemetry.sides import with_side_warnings
from observe.telemetry.snapshot import Snapshot

_NAMED = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)=(?=https?://)")
#: Servers that are asked at the same time.
_AT_ONCE = 4


@dataclass(frozen=True)
class Address:
    """Where one of several servers is.

    Attributes:
        url: its address, which may hold credentials.
        name: the cluster that it belongs to; "" when nobody named it.
    """

    url: str
    name: str = ""

    @property
    def label(self) -> str:
        """What messages call it: its name, or its host, port and path."""
        parts = urlsplit(self.url)
        return self.name or parts.netloc.rpartition("@")[2] + parts.path.rstrip("/")


def read_addresses(texts: Sequence[str]) -> tuple[Address, ...]:
    """Addresses from `URL` or `NAME=URL`.

    Raises:
        InputError: a name or an address is given twice.
    """
    found = []
    for text in texts:
        named = _NAMED.match(text)
        found.append(Address(text[named.end() :], named.group(1)) if named else Address(text))
    labels = [address.label for address in found]
    for label in labels:
        if labels.count(label) > 1:
            raise InputError(f"the Prometheus {label} is given twice")
    return tuple(found)


def collect_all(
    addresses: Sequence[Address],
    read: Callable[[str, Progress | None], Snapshot],
    window_start: datetime,
    window_end: datetime,
    progress: Progress | None = None,
) -> Snapshot:
    """Read a window from one server, or from several and merge what they hold.

    With several, series that carry no cluster get the name of their server. A server that cannot
    be read is named in `manifest.missing`; the rest is kept. Both sides of all edges are compared
    (:func:`observe.telemetry.sides.with_side_warnings`), over all servers.

    Args:
        addresses: whom to ask; at least one.
        read: reads the window from the server at a URL, and tells how far it has come.
        window_start: first moment, with a zone.
        window_end: moment after the last one, with a zone.
        progress: told about the pieces of all servers.

    Raises:
        InputError: the window is not one, or an address is malformed.
        SourceError: nothing could be read from any server.
    """
    found = _collected(addresses, read, (window_start, window_end), progress)
    return with_side_warnings(found)


def _collected(
    addresses: Sequence[Address],
    read: Callable[[str, Progress | None], Snapshot],
    window: tuple[datetime, datetime],
    progress: Progress | None,
) -> Snapshot:
    told = _Shares(len(addresses), progress)

    def read_one(number: int) -> Snapshot | SourceError:
        address = addresses[number]
        listen = told.listener(number, address.label if len(addresses) > 1 else "")
        try:
            found = read(address.url, listen)
        except SourceError as error:
            return error
        named = address.name or (address.label if len(addresses) > 1 else "")
        return name_cluster(found, named, rename_default=bool(address.name)) if named else found

    if len(addresses) == 1:
        return _or_raise(read_one(0))
    # Threads of this pool do not keep the process alive, so that Ctrl-C ends it at once.
    pool: AbstractContextManager[ThreadPool] = ThreadPool(min(_AT_ONCE, len(addresses)))
    with pool as workers:
        answers = workers.map(read_one, range(len(addresses)), chunksize=1)
    return _merged(addresses, answers, window)


def _or_raise(answer: Snapshot | SourceError) -> Snapshot:
    if isinstance(answer, SourceError):
        raise answer
    return answer


def _merged(
    addresses: Sequence[Address],
    answers: Sequence[Snapshot | SourceError],
    window: tuple[datetime, datetime],
) -> Snapshot:
    by_label = dict(zip((address.label for address in addresses), answers, strict=True))
    read = {label: a for label, a in by_label.items() if isinstance(a, Snapshot)}
    if not read:
        raise _or_error(answers)
    whole = merge(read)
    dead = tuple(
        MissingPiece(query=label, start=window[0], end=window[1], reason=str(answer))
        for label, answer in by_label.items()
        if isinstance(answer, SourceError)
    )
    manifest = whole.manifest
    return replace(
        whole, manifest=manifest.model_copy(update={"missing": (*dead, *manifest.missing)})
    )


def _or_error(answers: Sequence[Snapshot | SourceError]) -> SourceError:
    """The first reason why there is nothing."""
    return next(answer for answer in answers if isinstance(answer, SourceError))


class _Shares:
    """Progress of several servers as one: `done` of `total` over all that told how much they have.

    Args:
        servers: number of servers.
        progress: who is told.
    """

    def __init__(self, servers: int, progress: Progress | None) -> None:
        self._shares = [(0.0, 0.0)] * servers
        self._progress = progress

    def listener(self, number: int, label: str) -> Progress | None:
        """Whom one of the servers tells."""
        progress = self._progress
        if progress is None:
            return None

        def told(done: int, total: int, description: str) -> None:
            self._shares[number] = (done, total)
            finished = int(sum(share[0] for share in self._shares))
            whole = int(sum(share[1] for share in self._shares))
            progress(finished, whole, f"{description} {label}".strip())

        return told
