"""How far the estimate of `observe bootstrap estimate` is from real Prometheus servers.

    python benchmarks/sizing.py [--seconds 60]

Two tiers watch the sidecars of meshes of three sizes, five times faster than in life, and write
their head as a block at the end, as they otherwise do every two hours. Extrapolated from there:
larger meshes, longer retention, pods that come and go; and what istiod, kubelets and
kube-state-metrics show, which is counted from the lists of metrics that are kept. Ends with 1 when
a bar is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from sizing_blocks import raw_bytes_per_sample, recorded_bytes_per_sample
from sizing_servers import FASTER, Measured, faster, measure, shown, two_tiers

from observe.bootstrap.sizing import MeshCounts, Sizing, TierSize, count_mesh, estimate
from observe.bootstrap.sizing import constants as cost
from observe.bootstrap.sizing.estimate import head_bytes
from observe.bootstrap.stack import Stack
from observe.telemetry.client import PrometheusClient

SIZES = ((10, 20), (20, 50), (30, 100))
#: Name → largest error below and above the measured value.
BARS = {
    "series": (0.10, 0.10),
    "samples/s": (0.05, 0.05),
    "memory, MB": (0.0, 0.50),
    "head on disk, MB": (0.0, 0.50),
}


def run(services: int, pods: int, seconds: int) -> tuple[MeshCounts, Measured, Measured]:
    """Counts of the live mesh, and what both tiers measured."""
    stack = faster(Stack())
    with (
        tempfile.TemporaryDirectory(prefix="observe-bench-") as name,
        shown(services, pods, Path(name) / "mesh.log") as port,
        two_tiers(Path(name), stack, port, pods) as (edge, external),
    ):
        time.sleep(seconds)
        counts = count_mesh(PrometheusClient(edge.url))
        evaluations = seconds // 2 // stack.edge.evaluation_seconds
        return counts, *(measure(tier, stack, evaluations) for tier in (edge, external))


def only_sidecars(counts: MeshCounts) -> MeshCounts:
    """Without what is not shown here: istiod, nodes, containers."""
    nothing = dict.fromkeys(("istiods", "nodes", "pods", "containers", "workload_containers"), 0)
    return counts.model_copy(update=nothing)


def rows(name: str, size: TierSize, got: Measured) -> list[tuple[str, float, float]]:
    """What is compared: name, estimate, measured."""
    head = head_bytes(size.series, got.samples)
    return [
        (f"{name} series", size.series, got.series),
        (f"{name} samples/s", size.samples_per_second, got.samples_per_second),
        (f"{name} memory, MB", size.memory_bytes / 1e6, got.memory_bytes / 1e6),
        (f"{name} head on disk, MB", head / 1e6, got.disk_bytes / 1e6),
        (f"{name} cores", size.cpu_cores, got.cores),
    ]


def missed(name: str, error: float) -> bool:
    """Whether an error is outside its bar; what has none is only printed."""
    found = [bar for part, bar in BARS.items() if name.endswith(part)]
    return bool(found) and not -found[0][0] <= error <= found[0][1]


def compare(title: str, sizing: Sizing, edge: Measured, external: Measured) -> int:
    """Print the table of one mesh; how many bars were missed."""
    print(f"\n### {title}\n\n| | estimate | measured | error |\n|---|---|---|---|")
    bad = 0
    table = rows("edge", sizing.edge, edge)
    table += rows("external", sizing.external, external)
    for name, wanted, got in table:
        error = wanted / got - 1
        bad += missed(name, error)
        mark = " MISSED" * missed(name, error)
        print(f"| {name} | {_short(wanted)} | {_short(got)} | {error:+.1%}{mark} |", flush=True)
    return bad


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def blocks() -> int:
    """Print bytes by sample; how many constants are too small or far too large."""
    print("| bytes by sample in blocks | constant | measured | error |\n|---|---|---|---|")
    bad = 0
    for name, constant, got in (
        ("counters, scraped", cost.RAW_BYTES_PER_SAMPLE, raw_bytes_per_sample()),
        ("rates, recorded", cost.RECORDED_BYTES_PER_SAMPLE, recorded_bytes_per_sample()),
    ):
        error = constant / got - 1
        bad += not 0 <= error <= 0.5
        print(f"| {name} | {constant:.2f} | {got:.2f} | {error:+.1%} |")
    return bad


def main() -> None:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="length of each run")
    options = parser.parse_args()
    print(f"Time runs {FASTER} times faster than in a mesh.\n")
    bad = blocks()
    for services, pods in SIZES:
        counts, edge, external = run(services, pods, options.seconds)
        sizing = estimate(only_sidecars(counts), faster(Stack()))
        title = f"{services} services, {pods} pods ({counts.request_sets:,} label sets)"
        bad += compare(title, sizing, edge, external)
    print(f"\n{bad} bars missed." if bad else "\nAll bars hold.")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
