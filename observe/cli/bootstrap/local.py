"""`observe bootstrap local`: both tiers and an Alertmanager as processes of this machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from observe.cli import stdout
from observe.cli.bootstrap.local_options import (
    folder_option,
    local_options,
    read_places,
    read_settings,
)
from observe.cli.console import Console
from observe.cli.options import SectionCommand, SectionGroup, option
from observe.errors import EXIT_DONE, EXIT_SOURCE

if TYPE_CHECKING:
    from observe.bootstrap.local.plan import Plan
    from observe.bootstrap.local.settings import LocalSettings, Places


@click.group(
    "local",
    cls=SectionGroup,
    invoke_without_command=True,
    short_help="Two Prometheus and an Alertmanager on this machine.",
)
@local_options
@click.pass_context
def local_group(
    ctx: click.Context, /, apply: bool, foreground: bool, folder: Path, **options: Any
) -> None:
    """Run both tiers and an Alertmanager on this machine, kept alive by a small supervisor.

    Prints the plan; --apply carries it out, waits until rates have reached the external tier, and
    returns. Applying again changes only what differs. All listen on loopback, behind a password
    that is in a file of the folder.
    """
    from observe.bootstrap.local.plan import make_plan
    from observe.bootstrap.local.targets import likely_slips
    from observe.errors import InputError

    del folder
    if ctx.invoked_subcommand is not None:
        return
    if foreground and not apply:
        raise InputError("--foreground has no meaning without --apply", "add --apply")
    console = ctx.find_object(Console) or Console()
    settings, places = read_settings(options), read_places(ctx)
    if settings.stack.security.auth == "mtls":
        console.warn("security.auth mtls is for clusters: on this machine a password is asked for")
    for job, near in likely_slips(settings.targets).items():
        console.warn(f"--target {job}=...: did you mean {near}? Rules read no job {job}")
    if not apply:
        stdout.show(_shown(make_plan(settings, places), settings, places), stdout.table_width())
        console.say("Nothing was changed; add --apply to carry it out.")
        return
    _apply(settings, places, console, foreground)


def _apply(settings: LocalSettings, places: Places, console: Console, foreground: bool) -> None:
    from observe.bootstrap.local import up
    from observe.bootstrap.local.running import stop

    began = time.time()
    try:
        with console.progress("Starting", counted=False):
            plan = up.apply(settings, places, console.detail)
        console.say("Nothing to change." if plan.nothing else _done(plan))
        if not (settings.targets or _count(settings.targets_file)):
            console.warn("nothing is scraped yet: name what to scrape with --target")
        with console.progress("Waiting until rates are federated", counted=False):
            since = 0.0 if plan.nothing else began
            age = up.wait_for_federation(settings, places, console.detail, since)
        for name, port in settings.ports.items():
            stdout.write_line(f"{name:<13} http://127.0.0.1:{port}")
        console.say(f"Rates arrive in the external tier; the newest is {age:.0f} s old.")
        _say_next(settings, places, console)
        if foreground:
            _stay(places)
    finally:
        if foreground:
            stop(places)


def _count(targets_file: Path | None) -> int:
    from observe.bootstrap.local.targets_file import count_targets

    return count_targets(targets_file) if targets_file else 0


def _done(plan: Plan) -> str:
    return ", ".join(f"{name}: {action}" for name, action in plan.actions.items())


def _say_next(settings: LocalSettings, places: Places, console: Console) -> None:
    from observe.bootstrap.local.settings import EXTERNAL

    console.say(f"User observe; the password is in {places.password}. Next:")
    console.say(f"  observe bootstrap local status --folder {places.folder}")
    console.say(
        f"  observe report --prometheus http://127.0.0.1:{settings.ports[EXTERNAL]} "
        f"--username observe --password-file {places.password}"
    )


def _stay(places: Places) -> None:
    """Until Ctrl-C or SIGTERM, or the supervisor is gone."""
    from observe.bootstrap.local.running import find_running
    from observe.errors import SourceError

    while find_running(places) is not None:
        time.sleep(0.5)
    raise SourceError("the supervisor ended", f"see {places.folder / 'supervisor.log'}")


def _shown(plan: Plan, settings: LocalSettings, places: Places) -> Any:
    from observe.cli.bootstrap.local_tables import plan_table

    return plan_table(plan, settings, places)


@local_group.command("status", cls=SectionCommand, short_help="How the processes fare.")
@folder_option
@click.pass_context
def status_command(ctx: click.Context, /, folder: Path) -> None:
    """Show each process: since when, where, what it stores, how old federated rates are.

    Exits with 3 when one is down, or rates no longer arrive.
    """
    from observe.bootstrap.local.status import read_status
    from observe.cli.bootstrap.local_tables import status_table

    del folder  # looked up by read_places: it may stand before `status`
    found = read_status(read_places(ctx))
    stdout.show(status_table(found), stdout.table_width())
    ctx.exit(EXIT_DONE if all(each.well for each in found) else EXIT_SOURCE)


@local_group.command("down", cls=SectionCommand, short_help="Stop the processes; data is kept.")
@folder_option
@option("--delete-data", is_flag=True, help="Delete all samples and alerts too.")
@click.pass_context
def down_command(ctx: click.Context, /, folder: Path, delete_data: bool) -> None:
    """Stop the processes and wait for them."""
    from observe.bootstrap.local.down import down

    del folder
    console = ctx.find_object(Console) or Console()
    places = read_places(ctx)
    stopped = down(places, delete_data=delete_data)
    console.say("Stopped." if stopped else "Nothing was running.")
    console.say("Its data was deleted." if delete_data else f"Data stays in {places.folder}/data.")
