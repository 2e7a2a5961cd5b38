"""Options of `observe bootstrap grafana`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import click

from observe.cli.bootstrap.rendering import stack_option
from observe.cli.grafana_connection import grafana_connection
from observe.cli.options import FILE, FOLDER, option, result_option

_content = partial(option, section="Content")
_change = partial(option, section="Changing it")

#: What `--render` makes.
FORMS = ("provisioning", "sidecar", "operator", "api")

_OPTIONS = (
    _content("--edge-url", metavar="URL", help="Edge tier, as Grafana reaches it."),
    _content("--federated-url", metavar="URL", help="External tier, as Grafana reaches it."),
    _content("--tiers-user", default="observe", metavar="TEXT", help="User of the tiers."),
    _content(
        "--tiers-password-file",
        type=FILE,
        metavar="FILE",
        help="File with the tiers' password; without one they are asked without.",
    ),
    _content(
        "--alerts/--no-alerts",
        default=False,
        show_default="no: the tiers evaluate them, and both would notify",
        help="Have Grafana evaluate the alerts, too.",
    ),
    _content(
        "--contact-point",
        type=FILE,
        metavar="FILE",
        help="YAML with `type` and `settings` of a contact point.",
    ),
    stack_option,
    _change("--apply", is_flag=True, help="Change the Grafana, after showing what changes."),
    _change("--yes", is_flag=True, help="Do not ask before changing; needed without a terminal."),
    _change("--prune", is_flag=True, help="Delete what an earlier run made and is not wanted."),
    _change(
        "--rollback",
        type=FILE,
        metavar="FILE",
        help="Show how to undo a run; with --apply: undo it.",
    ),
    _change(
        "--rollback-folder",
        type=FOLDER,
        default=".",
        metavar="DIR",
        help="Where the rollback file of this run goes.",
    ),
    result_option(
        "--render",
        type=click.Choice(FORMS),
        help="Write files instead: file provisioning, ConfigMaps for the chart's sidecar, "
        "objects of the Grafana Operator, or of Grafana's own Kubernetes-style API.",
    ),
    result_option(
        "--output", type=FOLDER, default="observe-grafana", metavar="DIR", help="Folder to write."
    ),
    result_option(
        "--namespace", default="observe", metavar="NAME", help="Namespace of rendered objects."
    ),
    result_option(
        "--instances",
        default="dashboards=grafana",
        metavar="LABEL=VALUE",
        help="Label of the Grafana objects that the operator is to fill.",
    ),
    result_option(
        "--api-version",
        type=click.Choice(("v1", "v1beta1")),
        default="v1",
        help="Version of Grafana's own API.",
    ),
)


def grafana_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """All of them."""
    own = reduce(lambda inner, decorate: decorate(inner), reversed(_OPTIONS), function)
    return grafana_connection("Address of its start page.")(own)
