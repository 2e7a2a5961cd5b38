"""One way to collect, in a process of its own: prints seconds and peak memory as JSON.

    python benchmarks/collect_case.py WAY URL START END SCRAPE_SECONDS

Used by collect.py.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BEGAN = time.perf_counter()
_BUCKETS = 'istio_request_duration_milliseconds_bucket{reporter=~"source|waypoint"}'
_BY = "source_workload, destination_workload, le"
FIVE_MINUTES = f"sum by ({_BY}) (increase({_BUCKETS}[5m]))"


def main() -> None:
    way, url, start, end, scrape = sys.argv[1:]
    result = WAYS[way](url, int(start), int(end), float(scrape))
    result["rss_mb"] = _peak_mb()
    result["process_s"] = time.perf_counter() - BEGAN
    print(json.dumps(result))


def _peak_mb() -> float:
    """Peak memory of this process alone; `getrusage` would count the parent's before the start."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) / 1024


def _entries(fine_latency: bool = False) -> list:
    from dataclasses import replace

    from observe.telemetry.catalogue import ENTRIES

    if fine_latency:
        latency = next(entry for entry in ENTRIES if entry.name == "latency")
        return [replace(latency, step="fine")]
    wanted = ("requests", "latency", "latency-sum", "latency-count", "coverage")
    wanted += ("proxies", "hosts", "host-errors")
    return [entry for entry in ENTRIES if entry.name in wanted]


def _steps(start: int, end: int, scrape: float):
    from datetime import UTC, datetime

    from observe.telemetry.steps import choose_steps

    return choose_steps(
        datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC), scrape
    )


def _pieces(entries: list, steps) -> list:
    """Each entry over the whole window."""
    from observe.telemetry.pieces import Piece

    by_name = {"fine": steps.fine, "coarse": steps.coarse}
    seconds = [by_name[entry.step] for entry in entries]
    return [
        Piece(entry, steps.start, step, steps.count(step))
        for entry, step in zip(entries, seconds, strict=True)
    ]


def _read(url: str, start: int, end: int, scrape: float, fine_latency: bool) -> dict:
    from observe.telemetry.client import PrometheusClient
    from observe.telemetry.gather import Gathering
    from observe.telemetry.remote_read.semantics import find_semantics
    from observe.telemetry.remote_read.tables import jobs, read

    entries, steps = _entries(fine_latency), _steps(start, end, scrape)
    client = PrometheusClient(url)
    runs, cpu = [], []
    for _ in range(3):
        busy = time.process_time()
        began, wire, samples, series = time.perf_counter(), 0, 0, 0
        gathered = {entry.name: Gathering() for entry in entries}
        semantics = find_semantics(client)
        for job in jobs(_pieces(entries, steps)):
            reading = read(client, job, semantics, deadline=time.monotonic() + 600)
            wire += reading.bytes
            samples += reading.samples
            series += reading.series
            for piece, table in reading.tables:
                gathered[piece.entry.name].add(table)
        tables = {name: gathering.take() for name, gathering in gathered.items()}
        runs.append(time.perf_counter() - began)
        cpu.append(time.process_time() - busy)
        if len(runs) < 3:
            del tables
    return {
        "first_s": runs[0],
        "warm_s": min(runs[1:]),
        "cpu_s": min(cpu[1:]),
        "bytes": wire,
        "samples": samples,
        "series": series,
        "rows": sum(len(table.values) for table in tables.values()),
        "requests": tables["latency"].values.sum(),
    }


def remote_read(url: str, start: int, end: int, scrape: float) -> dict:
    """Everything of the mesh that a report needs, raw."""
    return _read(url, start, end, scrape, fine_latency=False)


def remote_read_fine(url: str, start: int, end: int, scrape: float) -> dict:
    """Histograms in fine steps, raw."""
    return _read(url, start, end, scrape, fine_latency=True)


def curl(url: str, start: int, end: int, scrape: float) -> dict:
    """The bytes of `remote_read`, thrown away."""
    return _curl(url, start, end, fine_latency=False)


def curl_fine(url: str, start: int, end: int, scrape: float) -> dict:
    """The bytes of `remote_read_fine`, thrown away."""
    return _curl(url, start, end, fine_latency=True)


def _curl(url: str, start: int, end: int, fine_latency: bool) -> dict:
    from observe.telemetry.remote_read.recipes import recipe
    from observe.telemetry.remote_read.request import encode_request, parse_selector

    selectors = dict.fromkeys(
        part.selector for e in _entries(fine_latency) for part in recipe(e).parts
    )
    runs = []
    for _ in range(3):
        total = 0.0
        for selector in selectors:
            with tempfile.NamedTemporaryFile() as body:
                body.write(encode_request(parse_selector(selector), start * 1000, end * 1000))
                body.flush()
                command = ["curl", "-s", "-o", os.devnull, "--noproxy", "*"]
                command += ["-H", "Content-Encoding: snappy", "--data-binary", f"@{body.name}"]
                command += ["-H", "Content-Type: application/x-protobuf", f"{url}/api/v1/read"]
                began = time.perf_counter()
                subprocess.run(command, check=True)
                total += time.perf_counter() - began
        runs.append(total)
    return {"first_s": runs[0], "warm_s": min(runs[1:])}


def cheap_queries(url: str, start: int, end: int, scrape: float) -> dict:
    """What `collect` asks before it pulls anything: what is there, how much, how often scraped."""
    from observe.telemetry.client import PrometheusClient
    from observe.telemetry.prepare import prepare

    steps, runs = _steps(start, end, scrape), []
    for _ in range(3):
        client = PrometheusClient(url)
        began = time.perf_counter()
        prepare(client, steps.start, steps.end)
        runs.append(time.perf_counter() - began)
    return {"first_s": runs[0], "warm_s": min(runs[1:]), "queries": client.cost.queries}


def promql(url: str, start: int, end: int, scrape: float) -> dict:
    """Everything of the mesh that a report needs, in PromQL over JSON, in planned pieces."""
    return _promql(url, _entries(), _steps(start, end, scrape), scrape)


def promql_fine(url: str, start: int, end: int, scrape: float) -> dict:
    """`FIVE_MINUTES` through our PromQL path: pieces, columns, one table."""
    from dataclasses import replace

    entry = replace(_entries(True)[0], by=tuple(_BY.split(", ")))
    return _promql(url, [entry], _steps(start, end, scrape), scrape)


def _promql(url: str, entries: list, steps, scrape: float) -> dict:
    """As `collect` does it: sized, planned, asked, gathered."""
    from observe.telemetry.client import PrometheusClient
    from observe.telemetry.fetch import Fetcher
    from observe.telemetry.gather import Gathering
    from observe.telemetry.planner import make_plan, pieces_of
    from observe.telemetry.sizes import measure

    client, gathered = PrometheusClient(url), {entry.name: Gathering() for entry in entries}
    began, busy = time.perf_counter(), time.process_time()
    sizes = measure(client, entries, steps.end, 0)
    pieces = pieces_of(make_plan(entries, steps, sizes, scrape))
    for piece, harvest in Fetcher(client, ()).arrivals(pieces):
        assert not harvest.missing, harvest.missing
        for _, table in harvest.tables:
            gathered[piece.entry.name].add(table)
    tables = {name: gathering.take() for name, gathering in gathered.items()}
    return {
        "first_s": time.perf_counter() - began,
        "cpu_s": time.process_time() - busy,
        "rows": sum(len(table.values) for table in tables.values()),
        "requests": tables["latency"].values.sum(),
    }


def prometheus_api_client(url: str, start: int, end: int, scrape: float) -> dict:
    """`FIVE_MINUTES` as people ask it today."""
    from datetime import UTC, datetime

    from prometheus_api_client import MetricRangeDataFrame, PrometheusConnect

    began, busy = time.perf_counter(), time.process_time()
    connection = PrometheusConnect(url)
    answer = connection.custom_query_range(
        FIVE_MINUTES,
        datetime.fromtimestamp(start + 300, UTC),
        datetime.fromtimestamp(end, UTC),
        "300",
    )
    frame = MetricRangeDataFrame(answer)
    seconds, cpu = time.perf_counter() - began, time.process_time() - busy
    last = frame[frame["le"] == "+Inf"]
    return {
        "first_s": seconds,
        "cpu_s": cpu,
        "rows": len(frame),
        "requests": float(last["value"].sum()),
    }


WAYS = {
    "remote-read": remote_read,
    "remote-read-fine": remote_read_fine,
    "curl": curl,
    "curl-fine": curl_fine,
    "cheap-queries": cheap_queries,
    "promql": promql,
    "promql-fine": promql_fine,
    "prometheus-api-client": prometheus_api_client,
}

if __name__ == "__main__":
    main()
