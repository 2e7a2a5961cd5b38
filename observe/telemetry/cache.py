"""Past days that were read before. They do not change: next week's run asks for new days only."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from observe.telemetry.assemble import Table
from observe.telemetry.cache_files import SUFFIX, read_day, write_day
from observe.telemetry.catalogue import Entry, promql
from observe.telemetry.marks import Mark, same
from observe.telemetry.settings import ConnectionSettings

#: Grows whenever the same answer would make another table.
FORMAT = 1
APPLICATION = "mesh-observe"
SERVER_FILE = "server.json"
TAG_FILE = "CACHEDIR.TAG"
#: Tells backup programs that this can be made anew (https://bford.info/cachedir/).
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# Days of telemetry, kept by observe.\n"


def default_folder() -> Path | None:
    """Where days are kept unless told otherwise; None when there is no home folder.

    `$XDG_CACHE_HOME/mesh-observe`, or `~/.cache/mesh-observe`.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    if Path(base).is_absolute():
        return Path(base) / APPLICATION
    try:
        return Path.home() / ".cache" / APPLICATION
    except RuntimeError:
        return None


@dataclass(frozen=True)
class Kept:
    """Samples of a day, and the day's mark when they were read."""

    table: Table
    mark: Mark


@dataclass(frozen=True)
class DayCache:
    """Days of one server and tenant.

    Nothing in it holds a secret: addresses are without credentials, headers and tokens are left
    out. A folder that cannot be written, or a file that is damaged, is as if there were none.

    Attributes:
        folder: the folder of all servers.
        url: the server's address.
        tenant: "" for none.
        used: how many days of an entry were "found" and how many were "kept".
    """

    folder: Path
    url: str
    tenant: str = ""
    used: Counter[str] = field(default_factory=Counter, compare=False, repr=False)

    @classmethod
    def of(cls, folder: Path, settings: ConnectionSettings) -> DayCache:
        """The cache of the server that settings lead to."""
        return cls(folder, settings.url, settings.tenant or "")

    @property
    def place(self) -> Path:
        """The folder of this server."""
        return self.folder / _digest({"url": self.url, "tenant": self.tenant})

    def load(self, query: DayQuery, day: datetime, mark: Mark | None) -> Table | None:
        """The samples of a day; None when they are not there or may not be those of the server.

        Args:
            query: what was asked.
            day: midnight (UTC).
            mark: the day's mark, as the server tells it now.
        """
        return self.checked(self.read(query, day), mark) if mark is not None else None

    def read(self, query: DayQuery, day: datetime) -> Kept | None:
        """What is kept of a day, to be checked against the day's mark; None for nothing."""
        found = read_day(self._file(query, day), day, query.step)
        if found is None:
            return None
        table, about = found
        told = about.get("mark")
        if not isinstance(told, list) or {**about, **self._about(query, day, told)} != about:
            return None
        return Kept(table, tuple(told))

    def checked(self, kept: Kept | None, mark: Mark) -> Table | None:
        """The samples, if the server still holds the same data of the day."""
        if kept is None or not same(kept.mark, mark):
            return None
        self.used["found"] += 1
        return kept.table

    def store(self, query: DayQuery, day: datetime, mark: Mark, table: Table) -> bool:
        """Keep the samples of a day; whether that worked.

        Args:
            query: what was asked.
            day: midnight (UTC).
            mark: the day's mark.
            table: all samples of the day, compact.
        """
        try:
            self._introduce()
            about = self._about(query, day, mark)
            write_day(self._file(query, day), table, day, query.step, about)
        except (OSError, pa.ArrowException):
            return False
        self.used["kept"] += 1
        return True

    def _file(self, query: DayQuery, day: datetime) -> Path:
        return self.place / f"{day:%Y-%m-%d}" / f"{query.entry}-{_digest(query.key)}{SUFFIX}"

    def _about(self, query: DayQuery, day: datetime, mark: Sequence[float]) -> dict[str, Any]:
        return {
            **query.key,
            "url": self.url,
            "tenant": self.tenant,
            "day": f"{day:%Y-%m-%d}",
            "mark": list(mark),
        }

    def _introduce(self) -> None:
        """Say whose days are in the folder."""
        about = self.place / SERVER_FILE
        if about.exists():
            return
        self.place.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.folder / TAG_FILE).write_text(_TAG, encoding="utf-8")
        text = json.dumps({"url": self.url, "tenant": self.tenant})
        about.write_text(text + "\n", encoding="utf-8")


@dataclass(frozen=True)
class DayQuery:
    """What a day was asked for.

    Attributes:
        entry: name of the entry of the catalogue.
        query: PromQL.
        step: seconds of a step.
    """

    entry: str
    query: str
    step: int

    @classmethod
    def of(cls, entry: Entry, step: int, replica_labels: Sequence[str]) -> DayQuery:
        """What an entry of the catalogue asks for."""
        return cls(entry.name, promql(entry, step, replica_labels), step)

    @property
    def key(self) -> dict[str, Any]:
        """What must be the same for the answer to be the same."""
        return {"format": FORMAT, "entry": self.entry, "query": self.query, "step": self.step}


def _digest(key: Mapping[str, Any]) -> str:
    text = json.dumps(key, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
