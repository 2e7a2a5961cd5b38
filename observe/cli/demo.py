"""`observe demo`: from nothing to a report, on this machine."""

from __future__ import annotations

import fcntl
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, TextIO

import click

from observe.cli.console import Console
from observe.cli.options import SectionCommand, option, output_option
from observe.errors import InputError, OutputError

if TYPE_CHECKING:
    from observe.bootstrap.prometheus import PrometheusServer
    from observe.demo.load import LoadSummary
    from observe.export.current import Current
    from observe.recommend.model import Advice
    from observe.telemetry.snapshot import Snapshot

_MARK = ".observe-demo"


@click.command("demo", cls=SectionCommand, short_help="From nothing to a report, on this machine.")
@output_option("observe-demo", "Folder for everything it makes.")
@option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    metavar="NUMBER",
    help="Port of the Prometheus; 0 takes a free one.",
)
@option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    metavar="NUMBER",
    help="Seed of the simulated traffic.",
)
@option(
    "--serve/--no-serve",
    default=None,
    show_default="only in a terminal",
    help="Keep the Prometheus running until Ctrl-C.",
)
@click.pass_context
def demo_command(
    ctx: click.Context, /, output: Path, port: int, seed: int, serve: bool | None
) -> None:
    """Simulate a mesh of known truth, load a real Prometheus, write the report.

    A shop of two clusters and its week of telemetry, with a heavy tail, a weekly peak, streams, an
    incident and timeouts that are too tight and too loose. Needs a prometheus binary
    (`make prometheus` fetches one without root).
    """
    from observe.bootstrap.binaries import find_binary
    from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
    from observe.cli.summary import print_summary
    from observe.cli.wiring import finish
    from observe.demo.judge import judge_timeouts, verdict_text
    from observe.demo.shop import demo_mesh

    console = ctx.find_object(Console) or Console()
    binary = find_binary("prometheus")
    folder = _fresh_folder(output)
    began = time.monotonic()
    with (
        _lock(folder / _MARK),
        _gone_when_stopped(folder) as done,
        PrometheusServer(
            folder / "prometheus", port=port, flags=HISTORY_FLAGS, binary=binary
        ) as server,
    ):
        console.say(f"Prometheus is running at {server.url}")
        loaded = _load(server.url, seed, console)
        snapshot = _collect(server.url, loaded, console)
        current = _write_current(folder / "current")
        advice = _report(folder, snapshot, current, console)
        done.set()
        print_summary(advice, folder / "report")
        console.say(verdict_text(judge_timeouts(advice, demo_mesh().starting(loaded.start))))
        console.say(f"Done in {time.monotonic() - began:.0f} s.")
        stays = sys.stderr.isatty() if serve is None else serve
        _say_next(folder, server.url, loaded, stays, console)
        if stays:
            console.say(f"Prometheus stays at {server.url} until Ctrl-C.")
            _wait_for_ctrl_c(server, console)
    ctx.exit(finish(advice, None, console))


def _fresh_folder(folder: Path) -> Path:
    """An empty folder; what an earlier demo left is removed, anything else is refused."""
    try:
        if folder.exists() and any(folder.iterdir()):
            if not (folder / _MARK).exists():
                raise InputError(
                    f"{folder} is not empty and was not made by a demo", "name another --output"
                )
            _lock(folder / _MARK).close()
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _MARK).touch()
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written: {error.strerror or error}", "name another --output"
        ) from error
    return folder


def _lock(mark: Path) -> TextIO:
    """The mark, held as long as it is open: the folder of a demo that runs is not taken away."""
    file = mark.open("a", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise InputError(
            f"a demo is still running in {mark.parent}",
            "stop it with Ctrl-C, or name another --output",
        ) from error
    return file


@contextmanager
def _gone_when_stopped(folder: Path) -> Iterator[Event]:
    """Remove the folder when Ctrl-C comes before the event; after an error it tells why."""
    done = Event()
    try:
        yield done
    except (KeyboardInterrupt, SystemExit):
        if not done.is_set():
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _load(url: str, seed: int, console: Console) -> LoadSummary:
    from observe.demo.load import load_week
    from observe.demo.shop import demo_mesh

    with console.progress("Simulating a week and loading it") as bar:
        loaded = load_week(url, demo_mesh(), seed, datetime.now(UTC), bar.advance)
    console.detail(
        f"{loaded.series:,} series, {loaded.cost.samples:,} samples in {loaded.seconds:.1f} s"
    )
    return loaded


def _collect(url: str, loaded: LoadSummary, console: Console) -> Snapshot:
    from observe.telemetry.client import PrometheusClient
    from observe.telemetry.collector import collect
    from observe.telemetry.settings import ConnectionSettings

    with (
        PrometheusClient(ConnectionSettings(url=url)) as client,
        console.progress("Reading telemetry") as bar,
    ):
        return collect(client, loaded.start, loaded.end, progress=bar.advance)


def _write_current(folder: Path) -> Current:
    """The VirtualServices that the simulated mesh has already."""
    from observe.demo.shop_yaml import demo_current_yaml
    from observe.export.current import read_current

    for name, text in demo_current_yaml().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return read_current(folder)


def _report(folder: Path, snapshot: Snapshot, current: Current, console: Console) -> Advice:
    from observe.export.plan import plan_export
    from observe.export.write import write_export
    from observe.recommend.engine import recommend
    from observe.report.build import build_report
    from observe.report.write import write_report

    with console.progress("Writing report and YAML", counted=False):
        advice = recommend(snapshot, None, current)
        write_report(build_report(advice, snapshot), folder / "report", snapshot)
        write_export(plan_export(advice, current), folder / "export")
    return advice


def _say_next(folder: Path, url: str, loaded: LoadSummary, stays: bool, console: Console) -> None:
    snapshot, end = folder / "report" / "snapshot", f"{loaded.end:%Y-%m-%dT%H:%MZ}"
    console.say("")
    current = f"--snapshot {snapshot} --current {folder / 'current'}"
    console.say("Next (from a checkout: .venv/bin/observe):")
    console.say(f"  observe explain east/shop/checkout {current}")
    console.say(f"  observe export {current} --diff")
    if stays:
        console.say(f"  observe report --prometheus {url} --end {end}")


def _wait_for_ctrl_c(server: PrometheusServer, console: Console) -> None:
    try:
        while server.running:
            time.sleep(0.5)
    except KeyboardInterrupt:
        return  # the usual way to end a demo that is done
    console.warn("the Prometheus ended by itself; see prometheus/prometheus.log in the folder")
