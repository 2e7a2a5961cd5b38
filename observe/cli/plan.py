"""`--explain-queries`: what would be asked of a Prometheus, and what it would cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from observe.cli import stdout
from observe.cli.console import Console
from observe.cli.wiring import addresses, connection_settings, day_cache
from observe.errors import EXIT_DONE, InputError
from observe.report.escape import plain
from observe.telemetry.catalogue import promql
from observe.telemetry.client import PrometheusClient
from observe.telemetry.paths import raw_pieces
from observe.telemetry.planner import PlannedEntry
from observe.telemetry.prepare import prepare

if TYPE_CHECKING:
    from observe.telemetry.manifest import QueryCost
    from observe.telemetry.prepare import Preparation

_HEADER = ("entry", "path", "days kept", "queries", "series", "samples", "answer", "why")
_LEFT = (0, 1, 7)


def print_plan(options: dict[str, Any], console: Console) -> int:
    """Plan a run, and print it instead of carrying it out.

    Only the cheap queries are sent that the plan is made from; they are counted in the text.

    Returns:
        The exit code.

    Raises:
        InputError: a snapshot is given, of which nothing is asked.
        SourceError: a server could not be reached, or holds nothing that can be read.
    """
    if options.get("snapshot") is not None:
        raise InputError("--explain-queries goes with --prometheus; a snapshot is not asked")
    end: datetime = options["end"] or datetime.now(UTC)
    for address in addresses(options):
        settings = connection_settings(options, address.url)
        with PrometheusClient(settings) as client, console.progress("Counting", counted=False):
            cache = day_cache(options, settings)
            prepared = prepare(client, end - options["window"], end, cache=cache)
            cost = client.cost
        stdout.write(plan_text(prepared, settings.url, cost))
    return EXIT_DONE


def plan_text(prepared: Preparation, url: str, spent: QueryCost) -> str:
    """A plan as text.

    Args:
        prepared: the plan.
        url: the server's address.
        spent: what making the plan has cost.
    """
    steps, plan = prepared.steps, prepared.plan
    raw = {piece.entry.name: 0 for piece in raw_pieces(plan)}
    for piece in raw_pieces(plan):
        raw[piece.entry.name] += 1
    rows = [_HEADER, *(_row(planned, raw) for planned in plan), _total(plan, raw)]
    lines = [
        f"{url} ({plain(str(prepared.server))}), {steps.start:%Y-%m-%d %H:%M} to "
        f"{steps.end:%Y-%m-%d %H:%M} UTC, scraped every {prepared.flavour.scrape_seconds:g} s",
        f"asked to make this plan: {spent.queries} cheap queries, {spent.seconds:.2f} s, "
        f"{_amount(spent.bytes)}B; none of those below was sent",
        "",
        *_aligned(rows),
    ]
    for planned in plan:
        step = steps.fine if planned.entry.step == "fine" else steps.coarse
        lines += [
            "",
            f"{planned.entry.name}, every {step} s: {planned.entry.why}",
            f"  {promql(planned.entry, step, prepared.flavour.replica_labels)}",
            *(f"  {shown}" for shown in _shards(planned)),
        ]
    return "\n".join(lines) + "\n"


def _row(planned: PlannedEntry, raw: dict[str, int]) -> tuple[str, ...]:
    number = raw.get(planned.entry.name, len(planned.pieces))
    counted = "" if planned.size.counted else "about "
    return (
        planned.entry.name,
        planned.path,
        str(len(planned.cached)),
        str(number),
        f"{counted}{planned.size.read:,}",
        _amount(planned.samples),
        f"{_amount(planned.bytes)}B",
        planned.why,
    )


def _total(plan: Sequence[PlannedEntry], raw: dict[str, int]) -> tuple[str, ...]:
    queries = sum(raw.get(planned.entry.name, len(planned.pieces)) for planned in plan)
    samples = sum(planned.samples for planned in plan)
    size = sum(planned.bytes for planned in plan)
    return ("in all", "", "", str(queries), "", _amount(samples), f"{_amount(size)}B", "")


def _shards(planned: PlannedEntry) -> list[str]:
    """The first parts that a query is divided into."""
    if planned.path != "PromQL" or not planned.shards:
        return []
    shown = [plain(", ".join(shard)[:200]) for shard in planned.shards[:3]]
    more = len(planned.shards) - len(shown)
    return [f"with {text}" for text in shown] + ([f"and {more} more parts"] if more else [])


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADER))]
    return [
        "  ".join(
            cell.ljust(width) if i in _LEFT else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _amount(count: float) -> str:
    """A number with its unit's prefix: 20.2 M."""
    for prefix in ("", "k", "M"):
        if count < 1000:
            return f"{count:.3g} {prefix}"
        count /= 1000
    return f"{count:.3g} G"
