"""Bytes that a sample takes in a block: history of a shown mesh, written by promtool."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import shown_mesh
from numpy.typing import NDArray

from observe.bootstrap.binaries import find_binary

_START = 1_767_225_600
_SETS = 24


def raw_bytes_per_sample() -> float:
    """Of counters, scraped every 15 s, in the blocks of two hours that a short retention has."""
    return _bytes_per_sample(list(_counters(seconds=15, hours=4)), 15, "2h")


def recorded_bytes_per_sample() -> float:
    """Of rates over 5 minutes, recorded every 60 s, in the long blocks of a long retention."""
    rates = [
        (name, (values[20:] - values[:-20])[::4] / 285.0 / 15.0)
        for name, values in _counters(seconds=15, hours=24)
    ]
    return _bytes_per_sample(rates, 60, "24h")


def _counters(seconds: int, hours: int) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Series of some label sets, each with its whole history."""
    times = hours * 3600 // seconds
    rng = np.random.default_rng(7)
    means = shown_mesh.rates(_SETS, 7)
    parts = np.diff([0.0, 0.0, 0.0, 0.01, 0.02, 0.1, 0.3, 0.6, 0.9, 0.97, 0.99, 0.998, 1.0])
    for number in range(_SETS):
        code, flags, share = shown_mesh.OUTCOMES[number % 3]
        text = shown_mesh.labels(shown_mesh.Call(number, number + 1), "source", code, flags)
        born = rng.poisson(means[number] * share * parts, (times, len(parts)))
        buckets = born.cumsum(axis=0).cumsum(axis=1).astype(float)
        total = buckets[:, -1]
        name = "istio_request_duration_milliseconds"
        yield f"istio_requests_total{{{text}}}", total
        yield f"{name}_count{{{text}}}", total
        yield f"{name}_sum{{{text}}}", np.round(np.cumsum(born.sum(axis=1) * 74.317), 1)
        for le in range(shown_mesh_buckets()):
            column = buckets[:, min(le, len(parts) - 1)]
            yield f'{name}_bucket{{{text},le="{le}"}}', column


def shown_mesh_buckets() -> int:
    """Buckets of a histogram; those above the slowest request repeat the one below."""
    return 20


def _bytes_per_sample(
    series: list[tuple[str, NDArray[np.float64]]], seconds: int, block: str
) -> float:
    """Size of the blocks by the samples in them: chunks and index."""
    with tempfile.TemporaryDirectory(prefix="observe-bench-") as name:
        page, data = Path(name) / "page", Path(name) / "data"
        with page.open("w") as file:
            for text, values in series:
                file.writelines(
                    f"{text} {value!r} {_START + n * seconds}\n"
                    for n, value in enumerate(values.tolist())
                )
            file.write("# EOF\n")
        command = [str(find_binary("promtool")), "tsdb", "create-blocks-from", "openmetrics"]
        subprocess.run(
            [*command[:3], f"--max-block-duration={block}", *command[3:], str(page), str(data)],
            check=True,
            capture_output=True,
        )
        samples = size = 0
        for meta in data.glob("*/meta.json"):
            samples += json.loads(meta.read_text())["stats"]["numSamples"]
            size += sum(p.stat().st_size for p in meta.parent.rglob("*") if p.is_file())
    return size / samples
