"""`observe bootstrap grafana`: data sources, dashboards and alerts of a Grafana."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from observe.cli.bootstrap.grafana_options import grafana_options
from observe.cli.bootstrap.grafana_preview import preview, preview_options
from observe.cli.console import Console
from observe.cli.grafana_connection import grafana_settings, secret_in
from observe.cli.options import SectionCommand
from observe.errors import InputError

if TYPE_CHECKING:
    from observe.bootstrap.stack import Stack
    from observe.grafana.provision.bundle import Datasource
    from observe.grafana.provision.model import Resource


@click.command("grafana", cls=SectionCommand, short_help="Dashboards and alerts of a Grafana.")
@grafana_options
@preview_options
@click.pass_context
def grafana_command(ctx: click.Context, /, **options: Any) -> None:
    """Show what a Grafana lacks, and with --apply give it that; or write it as files.

    A folder, the two tiers as data sources, the dashboards, and with --alerts the alert rules.
    What others made is never touched.
    """
    from observe.cli.bootstrap.grafana_apply import apply_to_grafana, roll_back_grafana
    from observe.cli.bootstrap.rendering import read_stack

    console = ctx.find_object(Console) or Console()
    if options["preview"]:
        ctx.exit(preview(options, console))
    if options["rollback"]:
        ctx.exit(roll_back_grafana(grafana_settings(options), options, console))
    _require_sense(options)
    stack = read_stack(options["stack"])
    resources = _resources(stack, options)
    if options["render"]:
        _write(_files(resources, stack.security.secret, options), options["output"], console)
        return
    ctx.exit(apply_to_grafana(grafana_settings(options), resources, options, console))


def _require_sense(options: Mapping[str, Any]) -> None:
    if options["render"] and options["grafana_url"]:
        raise InputError("--render writes files and goes without --grafana-url", "give one of them")
    if not options["render"] and not options["grafana_url"]:
        raise InputError(
            "no Grafana was named", "give --grafana-url URL, or --render provisioning for files"
        )
    for name in ("prune", "yes"):
        if options[name] and not options["apply"]:
            raise InputError(f"--{name} has no effect alone", "add --apply")


def _resources(stack: Stack, options: Mapping[str, Any]) -> tuple[Resource, ...]:
    from observe.bootstrap.alerts import external_alerts
    from observe.export.yaml_io import load_mapping
    from observe.grafana.files import dashboards_json
    from observe.grafana.provision.bundle import bundle

    file = options["contact_point"]
    return bundle(
        _datasources(stack, options),
        dashboards_json(),
        rule_files=external_alerts(stack).values() if options["alerts"] else (),
        contact=load_mapping(file) if file else None,
    )


def _datasources(stack: Stack, options: Mapping[str, Any]) -> list[Datasource]:
    """Those that are named; the one with all clusters comes last and is the default one."""
    from observe.grafana.provision.bundle import EDGE_UID, FEDERATED_UID, Datasource

    password = secret_in(options["tiers_password_file"])
    user = options["tiers_user"] if password else ""
    both = (
        (EDGE_UID, "Observe edge", options["edge_url"], stack.edge.scrape_seconds),
        (FEDERATED_UID, "Observe", options["federated_url"], stack.edge.evaluation_seconds),
    )
    return [
        Datasource(uid, name, url, interval, user, password)
        for uid, name, url, interval in both
        if url
    ]


def _write(files: Mapping[str, str], folder: Path, console: Console) -> None:
    from observe.bootstrap.rendered import write_rendered
    from observe.cli import stdout

    found = write_rendered(files, folder)
    stdout.write_line(folder)
    console.say(f"{len(found)} files changed" if found else "no change")


def _files(
    resources: tuple[Resource, ...], secret: str, options: Mapping[str, Any]
) -> dict[str, str]:
    from observe.grafana.provision.files import provisioning_files
    from observe.grafana.provision.objects import api_files, operator_files, sidecar_files

    form, namespace = options["render"], options["namespace"]
    if form == "provisioning":
        return provisioning_files(resources)
    if form == "sidecar":
        return sidecar_files(resources, namespace)
    if form == "api":
        return api_files(resources, version=options["api_version"])
    label, _, value = options["instances"].partition("=")
    if not label or not value:
        raise InputError(f"{options['instances']!r} is no label", "write it NAME=VALUE")
    return operator_files(resources, namespace, instances={label: value}, secret=secret)
