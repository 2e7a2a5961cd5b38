"""From a Prometheus to a snapshot: survey, plan, fetch, assemble."""

from __future__ import annotations

import gc
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from observe import __version__
from observe.telemetry import (
    build,
    build_autoscalers,
    build_envoy,
    build_hosts,
    build_istiod,
    build_resources,
)
from observe.telemetry.assemble import Table
from observe.telemetry.cache import DayCache
from observe.telemetry.client import PrometheusClient
from observe.telemetry.coverage import coverage, silence_warnings
from observe.telemetry.fetch import Progress
from observe.telemetry.gaps import bridged
from observe.telemetry.layouts import layout_warnings
from observe.telemetry.manifest import Manifest, Source, Window
from observe.telemetry.prepare import Preparation, prepare
from observe.telemetry.pull import Pulled, pull
from observe.telemetry.snapshot import Snapshot
from observe.telemetry.steps import Steps

#: Buckets of which more than this share had to be repaired are worth a word.
_REPAIR_WORTH_TELLING = 0.005
_LIBRARIES = ("pandas", "numpy", "pyarrow", "prometheus-api-client")


def collect(
    client: PrometheusClient,
    window_start: datetime,
    window_end: datetime,
    *,
    progress: Progress | None = None,
    exclude: Collection[str] = (),
    cache: DayCache | None = None,
) -> Snapshot:
    """Read the telemetry of a window.

    The window is rounded down to whole coarse steps at both ends. What cannot be read is listed
    in `manifest.missing`; the rest is kept.

    Args:
        client: whom to ask.
        window_start: first moment, with a zone.
        window_end: moment after the last one, with a zone.
        progress: told about every piece that arrived.
        exclude: names of frames or catalogue entries that are not asked for, such as
            "containers".
        cache: where past days are kept, so that they need not be asked for again; the snapshot
            is the same without.

    Raises:
        InputError: the window is not one, or `exclude` names nothing that is asked.
        SourceError: nothing could be read.
    """
    deadline = time.monotonic() + client.settings.run_seconds
    with _no_garbage_collection():
        prepared = prepare(client, window_start, window_end, exclude=exclude, cache=cache)
        pulled = pull(client, prepared, deadline=deadline, progress=progress)
        return _snapshot(client, prepared, pulled)


def _snapshot(client: PrometheusClient, prepared: Preparation, pulled: Pulled) -> Snapshot:
    flavour, steps = prepared.flavour, prepared.steps
    entries = {entry.name: entry for entry in flavour.entries}
    tables = bridged(pulled.tables, entries, steps, flavour.scrape_seconds)
    edges, numbered = build.numbered(tables)
    known = "coverage" in numbered
    unasked = [piece for piece in pulled.missing if piece.query == "coverage"]
    covered = coverage(numbered.get("coverage"), edges, steps, flavour.scrape_seconds, unasked)
    warnings = [*flavour.warnings, *_data_warnings(tables)]
    if edges.empty and not pulled.missing:
        warnings.append(
            f"no requests were recorded between {steps.start:%F %H:%M} and {steps.end:%F %H:%M} "
            "UTC: choose another window, or check what the server keeps (retention); "
            "observe doctor says since when there are samples"
        )
    warnings += silence_warnings(covered.silent, steps) if known else ["coverage is not known"]
    source = Source(
        flavour=flavour.kind,
        url=client.settings.url,
        server=str(prepared.server),
        coverage=covered.share if known else 1.0,
        scrape_interval_seconds=flavour.scrape_seconds,
        warnings=tuple(dict.fromkeys([*warnings, *pulled.warnings])),
    )
    requests, missing = build.requests(numbered.get("requests")), pulled.missing
    return Snapshot(
        manifest=_manifest(client, source, steps, pulled),
        edges=edges,
        requests=requests,
        latency=build.latency(numbered.get("latency")),
        latency_sum=build.latency_sum(
            numbered.get("latency-sum"),
            numbered.get("latency-count"),
            [piece for piece in missing if piece.query == "latency-sum"],
        ),
        messages=build.messages(numbered.get("messages")),
        coverage=covered.frame if known else covered.frame.iloc[:0],
        containers=build.containers({name: tables.get(name) for name in build.CONTAINER_ENTRIES}),
        proxies=build_hosts.proxies(numbered.get("proxies"), missing),
        hosts=build_hosts.hosts(tables.get("hosts"), missing),
        host_errors=build_hosts.host_errors(tables.get("host-errors"), missing),
        envoy=build_envoy.envoy(
            tables, edges, requests, steps.coarse, missing, [p.entry.name for p in prepared.plan]
        ),
        usage=build_resources.usage(tables, steps.fine),
        resources=build_resources.resources(tables.get("resources")),
        restarts=build_resources.restarts(tables.get("restarts")),
        autoscalers=build_autoscalers.autoscalers(tables.get("autoscalers")),
        **build_istiod.istiod(tables),
    )


def _manifest(client: PrometheusClient, source: Source, steps: Steps, pulled: Pulled) -> Manifest:
    return Manifest(
        created_at=datetime.now(UTC).replace(microsecond=0),
        window=Window(
            start=steps.start,
            end=steps.end,
            step_seconds=steps.fine,
            coarse_step_seconds=steps.coarse,
        ),
        source=source,
        missing=tuple(pulled.missing),
        cost=client.cost,
        versions=_versions(),
    )


def _data_warnings(tables: dict[str, Table]) -> list[str]:
    lines = []
    dropped = {name: table.dropped for name, table in tables.items() if table.dropped}
    if dropped:
        which = ", ".join(f"{count} in {name}" for name, count in sorted(dropped.items()))
        lines.append(f"samples that were NaN or infinite were left out: {which}")
    latency = tables.get("latency")
    if latency is not None and latency.repaired > _REPAIR_WORTH_TELLING:
        lines.append(
            f"histogram buckets were not monotone for {latency.repaired:.1%} of the requests "
            "(do proxies use different buckets, or were series federated apart?)"
        )
    return lines + (layout_warnings(latency.labels) if latency is not None else [])


def _versions() -> dict[str, str]:
    found = {"observe": __version__}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # installed under another name, or not as a package
            continue
    return found


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Many small objects, which refer to nothing, make the cyclic collector run for nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
