"""Tables of `observe bootstrap local`."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from observe.bootstrap.local.plan import Plan
from observe.bootstrap.local.settings import ALERTMANAGER, EDGE, EXTERNAL, LocalSettings, Places
from observe.bootstrap.local.sizes import read_sizes
from observe.bootstrap.local.status import ProcessStatus
from observe.bootstrap.prometheus import HOST
from observe.report.escape import plain


def plan_table(plan: Plan, settings: LocalSettings, places: Places) -> RenderableType:
    """What would happen to processes and files."""
    size, mesh = read_sizes(settings.stack, places)
    needs = {EDGE: size.edge, EXTERNAL: size.external}
    table = _table("process", "action", "address", "data", "memory", "disk")
    for name, action in plan.actions.items():
        need = needs.get(name)
        figures = (_bytes(need.memory_bytes), _bytes(need.disk_bytes)) if need else ("", "")
        address = f"http://{HOST}:{settings.ports[name]}"
        table.add_row(name, action, address, _text(places.data(name)), *figures)
    lines = [f"  {change.action:<7}{change.path}" for change in plan.changes]
    return Group(
        table,
        Text(
            f"Memory and disk are estimates for {mesh}, with its whole retention "
            f"({settings.stack.edge.retention}, {settings.stack.external.retention})."
        ),
        Text(f"\nScraped: {_scraped(settings)}"),
        Text(f"\nFiles in {plain(str(places.config))}:"),
        Text("\n".join(lines) or "  no change"),
    )


def _scraped(settings: LocalSettings) -> str:
    """What was named, by job."""
    named = [f"{job} ({', '.join(where)})" for job, where in settings.targets.items()]
    if settings.targets_file is not None:
        named.append(f"what {settings.targets_file} lists")
    return plain("; ".join(named)) or "nothing but the stack itself; see --target"


def status_table(found: Iterable[ProcessStatus]) -> RenderableType:
    """One row a process."""
    table = _table(
        *("process", "state", "up", "restarts", "address", "version"),
        *("samples/s", "series", "federation"),
    )
    for each in found:
        table.add_row(
            each.name,
            Text(each.state, style="green" if each.well else "bold red"),
            _length(each.up_seconds),
            str(each.restarts),
            each.url,
            _text(each.version),
            _figure(each.samples_per_second, ",.1f"),
            _figure(each.series, ",.0f"),
            _federation(each),
        )
    return table


def _federation(each: ProcessStatus) -> str:
    if each.name in (EDGE, ALERTMANAGER):
        return ""
    if each.federation_seconds is None:
        return "nothing arrives"
    return f"{each.federation_seconds:.0f} s old"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


def _text(value: object) -> Text:
    return Text(plain(str(value)))


def _figure(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _length(seconds: float | None) -> str:
    if seconds is None:
        return ""
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _bytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB" if count < 1e9 else f"{count / 1e9:,.1f} GB"
