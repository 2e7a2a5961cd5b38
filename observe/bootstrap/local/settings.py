"""What a person chooses about the local stack, and where its files are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from observe.bootstrap.stack import Stack
from observe.errors import InputError

EDGE, EXTERNAL, ALERTMANAGER = "edge", "external", "alertmanager"


@dataclass(frozen=True)
class LocalSettings:
    """The stack and what only this machine knows.

    Attributes:
        stack: intervals, retention, objectives; its first cluster is the one of the edge tier.
        ports: process → TCP port on loopback.
        targets: scrape job → addresses, `host:port` or `host:port/path`.
        targets_file: file of targets that Prometheus watches (its file_sd format).
        user_rules: name → text of rule files that the edge tier loads besides its own.
    """

    stack: Stack
    ports: Mapping[str, int]
    targets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    targets_file: Path | None = None
    user_rules: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(set(self.ports.values())) != len(self.ports):
            raise InputError("two processes cannot share a port", "choose three different ports")


@dataclass(frozen=True)
class Places:
    """Paths below the folder of a stack; the folder is absolute."""

    folder: Path

    @property
    def config(self) -> Path:
        """Everything rendered."""
        return self.folder / "config"

    @property
    def password(self) -> Path:
        """The password of user `observe`."""
        return self.folder / "secrets" / "password"

    @property
    def web(self) -> Path:
        """The web configuration of all three processes."""
        return self.folder / "secrets" / "web.yml"

    @property
    def wanted(self) -> Path:
        """What the supervisor is to run."""
        return self.folder / "processes.json"

    @property
    def state(self) -> Path:
        """What the supervisor says that it runs."""
        return self.folder / "state.json"

    @property
    def lock(self) -> Path:
        """Held by the supervisor as long as it lives; holds its process id."""
        return self.folder / "supervisor.lock"

    @property
    def apply_lock(self) -> Path:
        """Held while the stack is being changed."""
        return self.folder / "apply.lock"

    def data(self, process: str) -> Path:
        """Storage of a process, kept between runs."""
        return self.folder / "data" / process

    def log(self, process: str) -> Path:
        """Log of a process; the one before it ends in `.1`."""
        return self.folder / "logs" / f"{process}.log"
