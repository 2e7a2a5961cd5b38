"""Carrying out a plan; what was there before comes back when it fails."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from observe.bootstrap.local.asking import Asker
from observe.bootstrap.local.files import ensure_secrets, locked, read_json, write_json, writing
from observe.bootstrap.local.plan import FOLDER_HINT, Plan, make_plan, ports_of
from observe.bootstrap.local.running import find_running, launch, read_again, stop
from observe.bootstrap.local.settings import EDGE, EXTERNAL, LocalSettings, Places
from observe.bootstrap.prometheus import cause_of_death
from observe.bootstrap.rendered import write_rendered
from observe.errors import ObserveError, OutputError, SourceError

_READY_SECONDS = 120.0
Say = Callable[[str], None]


def apply(settings: LocalSettings, places: Places, say: Say) -> Plan:
    """Bring the stack to what is wanted, and wait until all of it answers.

    Raises:
        InputError, OutputError: as :func:`make_plan`, or a process refuses its configuration.
        SourceError: a process did not become ready. In each case the state before is back.
    """
    with writing(places.folder):
        places.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(places.apply_lock, f"the stack in {places.folder} is being changed already"):
        plan = make_plan(settings, places)
        if plan.nothing:
            _wait_until_ready(plan, places, say)
            return plan
        with _undone_on_failure(places), writing(places.folder):
            ensure_secrets(places)
            _write(plan.files, places)
            _want(plan.commands, plan.generation, places)
            _wait_until_ready(plan, places, say)
            _reload(plan, places)
    return plan


def _write(files: dict[str, str], places: Places) -> None:
    """Bring the configuration folder to hold these files; none leaves no folder."""
    if not files:
        shutil.rmtree(places.config, ignore_errors=True)  # needs no room, unlike an empty list
        return
    try:
        write_rendered(files, places.config)
    except OutputError as error:
        raise OutputError(error.message, FOLDER_HINT) from error


def _want(commands: dict[str, list[str]], generation: int, places: Places) -> None:
    """Write what is to run, and see to it that a supervisor knows."""
    for name in commands:
        places.data(name).mkdir(parents=True, exist_ok=True)
    write_json(places.wanted, {"generation": generation, "commands": commands})
    running = find_running(places)
    if running is None:
        launch(places)
    else:
        read_again(running)


def _wait_until_ready(plan: Plan, places: Places, say: Say) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    waiting = list(plan.commands)
    say(f"waiting for {', '.join(waiting)}")
    generation = int(read_json(places.wanted).get("generation", 0))
    with Asker(places, ports_of(plan.commands)) as asker:
        while time.monotonic() < deadline:
            running = find_running(places)
            if running is None:
                raise SourceError("the supervisor ended", f"see {places.folder / 'supervisor.log'}")
            if running.generation == generation:
                for name in waiting if not plan.nothing else ():  # else: about to be restarted
                    _require_alive(name, running.processes.get(name, {}), plan)
                waiting = [name for name in waiting if not asker.ready(name)]
                if not waiting:
                    return
            time.sleep(0.2)
    raise SourceError(
        f"{', '.join(waiting)} not ready after {_READY_SECONDS:g} s", f"see {places.folder}/logs"
    )


def _require_alive(name: str, facts: dict[str, Any], plan: Plan) -> None:
    if facts and not facts.get("running", True):
        words: list[str] = facts.get("lastWords", [])
        raise cause_of_death(words, ports_of(plan.commands)[name], f"the {name} process")


def _reload(plan: Plan, places: Places) -> None:
    with Asker(places, ports_of(plan.commands)) as asker:
        for name, action in plan.actions.items():
            if action == "reload":
                asker.reload(name)


@contextmanager
def _undone_on_failure(places: Places) -> Iterator[None]:
    """Bring back files and processes as they were, whatever goes wrong or interrupts."""
    files = {
        str(path.relative_to(places.config)): path.read_text(encoding="utf-8")
        for path in places.config.rglob("*.y*ml")
    }
    before = read_json(places.wanted)
    was_running = find_running(places) is not None
    try:
        yield
    except BaseException as failure:
        try:
            _restore(files, before, was_running, places)
        except (ObserveError, OSError) as error:
            raise SourceError(
                f"{failure.message if isinstance(failure, ObserveError) else failure}; "
                f"and the state before could not be brought back: {error}",
                "correct what it names, and apply again",
            ) from failure
        raise


def _restore(
    files: dict[str, str], before: dict[str, Any], was_running: bool, places: Places
) -> None:
    if not was_running:
        stop(places)
    _write(files, places)
    if before:
        write_json(places.wanted, before)
    else:
        places.wanted.unlink(missing_ok=True)
    if was_running:
        running = find_running(places)
        if running is None:
            launch(places)
        else:
            read_again(running)
        with Asker(places, ports_of(before["commands"])) as asker:
            _reload_all(asker, list(before["commands"]))


def _reload_all(asker: Asker, names: list[str]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    for name in names:
        while not asker.ready(name) and time.monotonic() < deadline:
            time.sleep(0.2)
        asker.reload(name)


def wait_for_federation(
    settings: LocalSettings, places: Places, say: Say, since: float = 0.0
) -> float:
    """Wait until an evaluation of the edge tier has arrived in the external one.

    Args:
        settings: ports and intervals.
        places: where the password is.
        say: told once what is waited for.
        since: Unix time; evaluations before do not count: data is kept between runs.

    Returns:
        Its age in seconds.

    Raises:
        SourceError: none arrived in the time that two evaluations and two requests may take.
    """
    stack = settings.stack
    longest = 60 + 2 * (stack.edge.evaluation_seconds + stack.external.federation_seconds)
    deadline = time.monotonic() + longest
    with Asker(places, dict(settings.ports)) as asker:
        say(f"waiting for the first rates to reach {asker.url(EXTERNAL)}")
        while time.monotonic() < deadline:
            age = asker.federation_age(EXTERNAL, stack.home_cluster.name)
            if age is not None and time.time() - age >= since:
                return age
            time.sleep(0.5)
    raise SourceError(
        f"everything runs, but no rates of {EDGE} reached {EXTERNAL} within {longest} s",
        f"see {places.log(EXTERNAL)}, and 'observe bootstrap local status'",
    )
