"""`observe demo`: from nothing to a report, on this machine."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from observe.cli.console import Console
from observe.cli.options import SectionCommand, option, output_option
from observe.errors import InputError

if TYPE_CHECKING:
    from observe.demo.history import History
    from observe.demo.load import LoadSummary
    from observe.demo.tiers import DemoTiers
    from observe.export.current import Current
    from observe.recommend.model import Advice
    from observe.telemetry.snapshot import Snapshot


@click.command("demo", cls=SectionCommand, short_help="From nothing to a report, on this machine.")
@output_option("observe-demo", "Folder for everything it makes.")
@option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    metavar="NUMBER",
    help="Port of the edge tier's Prometheus; 0 takes a free one.",
)
@option(
    "--external-port",
    type=click.IntRange(0, 65_535),
    default=0,
    metavar="NUMBER",
    help="Port of the external tier's Prometheus; 0 takes a free one.",
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
    help="Let the mesh go on, scraped and federated, until Ctrl-C.",
)
@click.pass_context
def demo_command(
    ctx: click.Context,
    /,
    output: Path,
    port: int,
    external_port: int,
    seed: int,
    serve: bool | None,
) -> None:
    """Simulate a mesh of known truth, load two tiers of real Prometheus, write the report.

    A shop of two clusters and its week of telemetry, with a heavy tail, a weekly peak, streams, an
    incident and timeouts that are too tight and too loose. The edge tier holds the counters, the
    external tier the rates recorded of them. Needs a prometheus binary (`make prometheus` fetches
    one without root).
    """
    from observe.bootstrap.binaries import find_binary
    from observe.cli.summary import print_summary
    from observe.cli.wiring import finish
    from observe.demo.folder import MARK, fresh_folder, gone_when_stopped, lock
    from observe.demo.judge import judge_timeouts, verdict_text
    from observe.demo.tiers import two_tiers

    console = ctx.find_object(Console) or Console()
    _refuse_one_port_twice(port, external_port)
    binary = find_binary("prometheus")
    folder = fresh_folder(output)
    began = time.monotonic()
    with (
        lock(folder / MARK),
        gone_when_stopped(folder) as done,
        two_tiers(folder, port=port, external_port=external_port, binary=binary) as tiers,
    ):
        console.say(f"Prometheus, edge tier: {tiers.edge.url}")
        console.say(f"Prometheus, external tier: {tiers.external.url}")
        history = _load(tiers, seed, console)
        snapshot = _collect(tiers.edge.url, history.summary, console)
        current = _write_current(folder / "current")
        advice = _report(folder, snapshot, current, console)
        done.set()
        print_summary(advice, folder / "report")
        console.say(verdict_text(judge_timeouts(advice, history.truth)))
        console.say(f"Done in {time.monotonic() - began:.0f} s.")
        stays = sys.stderr.isatty() if serve is None else serve
        _say_next(folder, console)
        if stays:
            _serve(folder, tiers, history, console)
    ctx.exit(finish(advice, None, console))


def _refuse_one_port_twice(port: int, external_port: int) -> None:
    if port and port == external_port:
        raise InputError(
            f"both tiers cannot have port {port}", "give --port and --external-port apart"
        )


def _load(tiers: DemoTiers, seed: int, console: Console) -> History:
    from observe.demo.history import load_history
    from observe.demo.shop import demo_mesh

    edge, external = tiers.edge.url, tiers.external.url
    with console.progress("Simulating a week and loading it") as bar:
        found = load_history(edge, external, demo_mesh(), seed, datetime.now(UTC), bar.advance)
    raw = found.summary
    console.detail(
        f"{raw.series:,} series, {raw.cost.samples:,} samples in the edge tier, "
        f"{found.recorded.samples:,} of recorded rates in the external tier, "
        f"in {raw.seconds:.1f} s"
    )
    return found


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


def _say_next(folder: Path, console: Console) -> None:
    console.say("")
    current = f"--snapshot {folder / 'report' / 'snapshot'} --current {folder / 'current'}"
    console.say("Next (from a checkout: .venv/bin/observe):")
    console.say(f"  observe explain east/shop/checkout {current}")
    console.say(f"  observe export {current} --diff")


def _serve(folder: Path, tiers: DemoTiers, history: History, console: Console) -> None:
    from observe.demo.tiers import going_on

    edge, external = tiers.edge.url, tiers.external.url
    end, current = f"{history.summary.end:%Y-%m-%dT%H:%MZ}", folder / "current"
    with ExitStack() as stack:
        with console.progress("Letting the mesh go on", counted=False):
            going = stack.enter_context(going_on(tiers, history, folder))
        console.say(f"  observe report --prometheus {external} --end {end} --current {current}")
        console.say(f"  observe doctor --prometheus {external} --edge {edge}")
        preview = folder / "dashboards"
        console.say(f"  observe bootstrap grafana --preview {preview} --prometheus {external}")
        console.say("")
        console.say(f"Edge tier: {edge} scrapes the mesh of both clusters and records rates.")
        console.say(f"External tier: {external} federates those, and alerts.")
        if going.alertmanager:
            console.say(f"Alertmanager: http://{going.alertmanager}")
        else:
            console.say(f"Alerts: {external}/alerts ('make alertmanager' fetches an Alertmanager).")
        console.say("All of it goes on until Ctrl-C.")
        _wait_for_ctrl_c(tiers, console)


def _wait_for_ctrl_c(tiers: DemoTiers, console: Console) -> None:
    try:
        while tiers.running:
            time.sleep(0.5)
    except KeyboardInterrupt:
        return  # the usual way to end a demo that is done
    console.warn("a Prometheus ended by itself; see edge/ and external/prometheus.log")
