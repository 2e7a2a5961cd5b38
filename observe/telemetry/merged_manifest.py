"""What a snapshot of several servers says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from observe.telemetry.manifest import Manifest, MissingPiece, QueryCost, Source, Window


def merge_manifests(
    manifests: Mapping[str, Manifest], fine: int, coarse: int, coverage: float | None
) -> Manifest:
    """One manifest of all; warnings and missing pieces name their server.

    Args:
        manifests: name of the server → its manifest; at least one.
        fine: fine step of the merged frames, in seconds.
        coarse: their coarse step.
        coverage: scrapes present / expected over all; None when it is not known.
    """
    every = list(manifests.values())
    windows = [manifest.window for manifest in every]
    return Manifest(
        created_at=max(manifest.created_at for manifest in every),
        window=Window(
            start=min(_floor(window.start, coarse) for window in windows),
            end=max(_ceiling(window.end, coarse) for window in windows),
            step_seconds=fine,
            coarse_step_seconds=coarse,
        ),
        source=_source(manifests, coverage),
        missing=tuple(
            _of_server(piece, name) for name, m in manifests.items() for piece in m.missing
        ),
        cost=QueryCost(
            queries=sum(manifest.cost.queries for manifest in every),
            seconds=sum(manifest.cost.seconds for manifest in every),
            bytes=sum(manifest.cost.bytes for manifest in every),
        ),
        versions=every[0].versions,
    )


def _source(manifests: Mapping[str, Manifest], coverage: float | None) -> Source:
    sources = {name: manifest.source for name, manifest in manifests.items()}
    flavours = sorted({source.flavour for source in sources.values()})
    known = min(s.coverage for s in sources.values()) if coverage is None else coverage
    return Source(
        kind=next(iter(sources.values())).kind,
        flavour=" and ".join(flavours),
        url=", ".join(source.url for source in sources.values()),
        server=", ".join(dict.fromkeys(source.server for source in sources.values())),
        coverage=known,
        scrape_interval_seconds=max(s.scrape_interval_seconds for s in sources.values()),
        warnings=tuple(f"{name}: {w}" for name, s in sources.items() for w in s.warnings),
    )


def _of_server(piece: MissingPiece, name: str) -> MissingPiece:
    return piece.model_copy(update={"query": f"{piece.query} of {name}"})


def _floor(moment: datetime, seconds: int) -> datetime:
    epoch = int(moment.timestamp())
    return datetime.fromtimestamp(epoch - epoch % seconds, UTC)


def _ceiling(moment: datetime, seconds: int) -> datetime:
    epoch = int(moment.timestamp())
    return datetime.fromtimestamp(epoch + -epoch % seconds, UTC)
