"""`observe lint`: the timeouts, retries and pools that one already has, judged."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from observe.cli import stdout
from observe.cli.console import Console
from observe.cli.options import (
    FAIL_ON,
    FILE,
    PLACE,
    SectionCommand,
    collecting_options,
    connection_options,
    option,
    result_option,
    selection_option,
    source_options,
)

if TYPE_CHECKING:
    from observe.lint.engine import LintOptions
    from observe.lint.model import Finding
    from observe.lint.read import Inventory
    from observe.lint.telemetry import Telemetry


@click.command("lint", cls=SectionCommand, short_help="Judge the settings that are there.")
@click.argument("paths", nargs=-1, type=PLACE, metavar="[PATH]...")
@source_options
@result_option(
    "--recommendations",
    type=PLACE,
    metavar="PATH",
    section="Telemetry",
    help="A recommendations.json or the folder of a report; else they are made anew.",
)
@option(
    "--cluster-context",
    multiple=True,
    metavar="[CLUSTER=]CONTEXT",
    section="Cluster",
    help="Judge what a cluster has, too. Repeatable, with the cluster's name.",
)
@option(
    "--kubeconfig",
    type=FILE,
    metavar="FILE",
    section="Cluster",
    show_default="KUBECONFIG, ~/.kube/config",
    help="Where clusters and credentials stand.",
)
@option("--istio-version", metavar="X.Y.Z", section="Cluster", help="Release of the control plane.")
@result_option(
    "--format",
    "form",
    type=click.Choice(("table", "json", "sarif", "github")),
    default="table",
    help="What to print.",
)
@result_option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    metavar="SEVERITY",
    help="Exit with 1 when a finding is at least info, warning or critical.",
)
@selection_option("--only", multiple=True, metavar="CODE", help="Only this code. Repeatable.")
@selection_option("--ignore", multiple=True, metavar="CODE", help="Not this code. Repeatable.")
@collecting_options
@connection_options
@click.pass_context
def lint_command(
    ctx: click.Context, /, paths: tuple[Path, ...], form: str, fail_on: str | None, **options: Any
) -> None:
    """Judge the VirtualServices and DestinationRules in files, folders or a cluster.

    Against Istio's rules and the bugs of its release, against one another and, with --prometheus
    or --snapshot, against what was measured. docs/lint.md explains every code.
    """
    from observe.errors import EXIT_DONE, EXIT_FINDINGS, EXIT_SOURCE, EXIT_USAGE
    from observe.lint.engine import lint
    from observe.lint.model import at_least

    console = ctx.find_object(Console) or Console()
    settings = _settings(options)
    inventory = _inventory(paths, options, console)
    telemetry = _telemetry(options, console)
    found_out = _found_out(settings, inventory, complete=bool(options["cluster_context"]))
    findings = lint(inventory.objects, telemetry, found_out)
    stdout.write(_rendered(form, findings, inventory))
    _tell(inventory, telemetry, console)
    if inventory.unreadable:
        ctx.exit(EXIT_USAGE)
    if telemetry is not None and telemetry.advice and telemetry.advice.missing:
        from observe.cli.wiring import name_missing

        name_missing(telemetry.advice.missing, console)
        ctx.exit(EXIT_SOURCE)
    failed = fail_on is not None and any(at_least(f.severity, fail_on) for f in findings)
    ctx.exit(EXIT_FINDINGS if failed else EXIT_DONE)


def _settings(options: dict[str, Any]) -> LintOptions:
    """The options of the linter, before anything is read."""
    from observe.export.releases import read_release
    from observe.lint.engine import LintOptions
    from observe.lint.registry import known_codes

    written = options["istio_version"]
    return LintOptions(
        release=read_release(written) if written else None,
        only=known_codes(options["only"]),
        ignore=known_codes(options["ignore"]),
    )


def _found_out(settings: LintOptions, inventory: Inventory, *, complete: bool) -> LintOptions:
    """The same with what the objects say of the mesh."""
    from dataclasses import replace

    attempts, root = inventory.default_attempts, inventory.root_namespace
    return replace(
        settings,
        complete=complete,
        default_attempts=settings.default_attempts if attempts is None else attempts,
        root_namespace=root or settings.root_namespace,
    )


def _inventory(paths: tuple[Path, ...], options: dict[str, Any], console: Console) -> Inventory:
    from observe.errors import InputError
    from observe.lint.read import read_inventory

    if not paths and not options["cluster_context"]:
        raise InputError(
            "nothing to judge was named", "name files or folders, or a --cluster-context"
        )
    inventory = read_inventory(paths)
    for given in options["cluster_context"]:
        from observe.lint.cluster import read_cluster

        name, named, context = given.partition("=")
        read_cluster(
            context if named else name,
            options["kubeconfig"],
            name if named or len(options["cluster_context"]) > 1 else "",
            inventory,
            console.warn,
        )
    return inventory


def _telemetry(options: dict[str, Any], console: Console) -> Telemetry | None:
    """What was measured, as far as the options name it."""
    given, advised = options["snapshot"] or any(options["prometheus"]), options["recommendations"]
    if not (given or advised):
        return None
    from observe.cli.wiring import snapshot_from
    from observe.export.advice_io import load_advice
    from observe.lint.telemetry import telemetry_of
    from observe.recommend.engine import recommend

    advice = load_advice(advised) if advised else None
    snapshot = snapshot_from(options, console) if given else None
    if advice is None and snapshot is not None:
        advice = recommend(snapshot)
    return telemetry_of(snapshot, advice)


def _rendered(form: str, findings: tuple[Finding, ...], inventory: Inventory) -> str:
    from observe import __version__
    from observe.lint import render

    if form == "json":
        return render.as_json(findings, _judged(inventory), dict(inventory.others))
    if form == "sarif":
        return render.as_sarif(findings, __version__)
    return render.as_github(findings) if form == "github" else _text(findings, inventory)


def _text(findings: tuple[Finding, ...], inventory: Inventory) -> str:
    from observe.lint.render import as_text

    return as_text(findings) if inventory.objects else "nothing was judged\n"


def _judged(inventory: Inventory) -> dict[str, int]:
    return dict(Counter(item.kind for item in inventory.objects))


def _tell(inventory: Inventory, telemetry: Telemetry | None, console: Console) -> None:
    """What was judged and what was not."""
    judged = ", ".join(
        f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in sorted(_judged(inventory).items())
    )
    others = sum(inventory.others.values())
    if not judged:
        console.warn("no VirtualService and no DestinationRule was found")
    console.say(
        f"judged: {judged or 'nothing'}; "
        + (f"skipped, of other kinds: {others}; " if others else "")
        + ("against telemetry, too" if telemetry else "no telemetry was given")
    )
    if inventory.templates:
        console.warn(
            f"chart templates were not judged ({len(inventory.templates)}, such as "
            f"{inventory.templates[0]}): render the chart first"
        )
    for error in inventory.unreadable:
        console.error(error.message, error.hint)
