"""Alerts on scraping, judged by what each edge tier records of its jobs and series."""

from __future__ import annotations

from observe.bootstrap.alerts.build import alert, percent
from observe.bootstrap.alerts.clients_view import once
from observe.bootstrap.alerts.thresholds import THRESHOLDS as T
from observe.bootstrap.config.federation import OWN_JOB
from observe.bootstrap.rules.model import Alert
from observe.bootstrap.stack import Stack

_JOB = "job {{ $labels.job }} in {{ $labels.cluster }}"


def scraping_alerts(stack: Stack) -> list[Alert]:
    """Alerts of the external tier on the scrapes of every cluster."""
    return [_targets(stack), _job_gone(), _slow(stack), *_growth(stack)]


def _targets(stack: Stack) -> Alert:
    up, there = once("job:up:sum", stack), once("job:up:count", stack)
    return alert(
        "ObserveTargetsDown",
        f"1 - {up} / ({there} > 0) > {T.targets_down_share:g}",
        severity="warning",
        pending="10m",
        summary=f"Targets of {_JOB} cannot be scraped",
        description="{{ $value | humanizePercentage }} of the targets have not answered for 10"
        f" minutes; this alert begins at {percent(T.targets_down_share)}. Their requests are"
        " missing from every rate.",
    )


def _job_gone() -> Alert:
    return alert(
        "ObserveJobEmpty",
        "max by (cluster, job) (job:up:count offset 1h)\n"
        "and on (cluster, job) job:up:count offset 2h\n"
        "unless on (cluster, job) job:up:count\n"
        f'and on (cluster) job:up:count{{job="{OWN_JOB}"}}',
        severity="warning",
        pending="10m",
        summary=f"No targets are left of {_JOB}",
        description="An hour ago there were {{ $value }} targets, now there is none: their pods"
        " are gone, their labels have changed, or Prometheus may no longer list them.",
    )


def _slow(stack: Stack) -> Alert:
    timeout = min(10, stack.edge.scrape_seconds)
    limit = T.samples_share * timeout
    return alert(
        "ObserveScrapeSlow",
        f"max by (cluster, job) (job:scrape_duration_seconds:max) > {limit:g}",
        severity="warning",
        pending="10m",
        summary=f"Scrapes of {_JOB} take nearly as long as they may",
        description="The slowest one takes {{ $value | humanizeDuration }}; this alert begins at"
        f" {limit:g} seconds, and at {timeout} it is given up. Fewer series on the target help"
        " more than a longer wait.",
    )


def _growth(stack: Stack) -> list[Alert]:
    head = f'max by (cluster) (prometheus_tsdb_head_series{{job="{OWN_JOB}"}})'
    series = once("metric:series:count", stack)
    return [
        alert(
            "ObserveSeriesGrowth",
            f"avg_over_time({head}[30m:2m])\n"
            f"  / avg_over_time({head}[30m:2m] offset 1d) > {T.series_growth:g}\n"
            f"and on (cluster) {head} > {T.series_floor}",
            severity="warning",
            pending="30m",
            summary="The edge tier of {{ $labels.cluster }} holds many more series than a day ago",
            description="{{ $value | humanize }} times as many series as at the same time"
            f" yesterday; this alert begins at {T.series_growth:g} times and {T.series_floor}"
            " series. Memory grows with them.",
        ),
        alert(
            "ObserveMetricCardinality",
            f"max by (cluster, metric) ({series}) > {T.metric_series}",
            severity="warning",
            pending="20m",
            summary="{{ $labels.metric }} has very many series in {{ $labels.cluster }}",
            description="{{ $value | humanize }} series of one metric; this alert begins at"
            f" {T.metric_series}. Mostly a label with ever new values: a path, a host that clients"
            " make up, a version.",
        ),
    ]
