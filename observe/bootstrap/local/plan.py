"""What applying would do; nothing is changed by asking."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from observe.bootstrap.config import check_tree
from observe.bootstrap.local.files import read_json
from observe.bootstrap.local.programs import find_programs
from observe.bootstrap.local.receiver import require_receiver
from observe.bootstrap.local.render import commands, render
from observe.bootstrap.local.running import find_running
from observe.bootstrap.local.settings import LocalSettings, Places
from observe.bootstrap.prometheus import HOST, is_free
from observe.bootstrap.rendered import Change, changes
from observe.errors import InputError, OutputError
from observe.folders import require_writable

Action = Literal["start", "restart", "reload", "keep"]
#: What helps with a folder that cannot be written, or whose files somebody changed.
FOLDER_HINT = (
    "make room or move that file away, then apply again, or choose another --folder; "
    "settings of yours belong into --stack and --rules"
)
#: Processes of a stack whose supervisor was killed may take this long to end.
_DYING_SECONDS = 15.0


@dataclass(frozen=True)
class Plan:
    """What is wanted beside what is there.

    Attributes:
        files: everything that is rendered.
        commands: process → command line.
        actions: process → what happens to it.
        changes: what happens to files.
        generation: number of the wishes that applying would write.
    """

    files: dict[str, str]
    commands: dict[str, list[str]]
    actions: dict[str, Action]
    changes: list[Change]
    generation: int

    @property
    def nothing(self) -> bool:
        """Whether all is as wanted already."""
        return not self.changes and set(self.actions.values()) == {"keep"}


def make_plan(settings: LocalSettings, places: Places) -> Plan:
    """The plan, after everything that can be refused was looked at.

    Raises:
        InputError: a program is missing or too old, promtool or amtool refuses a file, a port is
            taken, the receiver's file is missing.
        OutputError: the folder cannot be written.
    """
    require_writable(places.folder)
    require_receiver(settings.stack, places)
    wanted = commands(settings, places, find_programs())
    files = render(settings, places)
    problems = check_tree(files)
    if problems:
        first = problems[0]
        raise InputError(f"{first.file} is refused: {first.message}", "nothing was changed")
    try:
        found = changes(files, places.config)
    except OutputError as error:
        raise OutputError(error.message, FOLDER_HINT) from error
    before = read_json(places.wanted)
    running = find_running(places)
    old = before.get("commands", {}) if running else {}
    actions = {name: _action(name, wanted, old, found) for name in wanted}
    _require_ports(settings, old, before.get("commands", {}), patient=running is None)
    return Plan(files, wanted, actions, found, int(before.get("generation", 0)) + 1)


def _action(
    name: str, wanted: dict[str, list[str]], old: dict[str, list[str]], found: list[Change]
) -> Action:
    if name not in old:
        return "start"
    if old[name] != wanted[name]:
        return "restart"
    own = (f"{name}/", f"{name}.yml")
    return "reload" if any(change.path.startswith(own) for change in found) else "keep"


def _require_ports(
    settings: LocalSettings,
    running: dict[str, list[str]],
    before: dict[str, list[str]],
    *,
    patient: bool,
) -> None:
    """Refuse a port that somebody else has.

    Args:
        settings: the ports that are wanted.
        running: command lines of this stack's processes that run.
        before: command lines of its last run: its processes may still be on their way out.
        patient: whether to wait for those.
    """
    ours, dying = set(ports_of(running).values()), set(ports_of(before).values())
    for name, port in settings.ports.items():
        if port in ours:
            continue
        deadline = time.monotonic() + (_DYING_SECONDS if patient and port in dying else 0)
        while not is_free(port):
            if time.monotonic() >= deadline:
                raise InputError(
                    f"port {port} on {HOST} is taken",
                    f"stop what listens there (`ss -ltnp` tells), or choose another --{name}-port",
                )
            time.sleep(0.2)


def ports_of(lines: dict[str, list[str]]) -> dict[str, int]:
    """Process → the port that its command line names."""
    flag = "--web.listen-address="
    found = {}
    for name, line in lines.items():
        for part in line:
            if part.startswith(flag):
                found[name] = urlsplit(f"//{part.removeprefix(flag)}").port or 0
    return found
