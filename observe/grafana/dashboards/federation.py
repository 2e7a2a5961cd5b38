"""Federation and scraping: is the telemetry itself whole, fresh and affordable."""

from __future__ import annotations

from observe.grafana.dashboards.board import Board, Line, Section
from observe.grafana.dashboards.federation_servers import EXPECTED, RULES_OFF, own, servers
from observe.grafana.dashboards.infra import gauge
from observe.grafana.dashboards.links import to
from observe.grafana.dashboards.panels import (
    GREEN,
    RED,
    YELLOW,
    Query,
    bars,
    stat,
    states,
)
from observe.grafana.dashboards.promql import AUTO
from observe.grafana.dashboards.tables import Label, Value, table
from observe.grafana.dashboards.variables import CLUSTER, cluster
from observe.telemetry.recorded import HEARTBEAT

_NAMES = "up|job:up:sum"
_JOB = ("job",)
FRESH = ((None, GREEN), (120, YELLOW), (300, RED))


def _jobs(metric: str, aggregate: str) -> str:
    return gauge(metric, aggregate, _JOB, at="job")


def _down() -> str:
    return f"({_jobs('up', 'count')}) - ({_jobs('up', 'sum')})"


def _now() -> Line:
    age = f"time() - max by (cluster) (last_over_time({HEARTBEAT}{{{CLUSTER}}}[1h]))"
    arrived = f"count_over_time({HEARTBEAT}{{{CLUSTER}}}[10m]) / {EXPECTED}"
    return Line(
        4,
        [
            stat(
                "Oldest cluster",
                "Age of the newest evaluation of the cluster that lags most. Good: "
                f"below 2 minutes. More: its edge tier or the way to it is down. {RULES_OFF}",
                "s",
                Query(f"max({age})"),
                steps=FRESH,
                spark=False,
            ),
            stat(
                "Evaluations that arrived",
                "Of the last ten minutes, in the worst cluster. Below "
                f"90 %: rates have gaps, and sums over them are corrected. {RULES_OFF}",
                "percentunit",
                Query(f"min(max by (cluster) ({arrived}))"),
                steps=((None, RED), (0.7, YELLOW), (0.9, GREEN)),
                decimals=0,
                spark=False,
            ),
            stat(
                "Targets down",
                "Targets that could not be scraped. Good: 0 outside of rollouts.",
                "short",
                Query(f"sum({_down()})"),
                steps=((None, GREEN), (1, YELLOW), (5, RED)),
            ),
            stat(
                "Series in memory",
                "Of all Prometheus servers in view; about 4 kB of memory each. "
                "A jump is a new label with many values.",
                "short",
                Query(f"sum({own('prometheus_tsdb_head_series')})"),
            ),
            stat(
                "Samples",
                "Samples that the servers in view take in per second.",
                "cps",
                Query(f"sum(rate({own('prometheus_tsdb_head_samples_appended_total')}[{AUTO}]))"),
            ),
            stat(
                "Rule failures",
                "Evaluations that failed per second. Good: 0. More: recorded series "
                "and alerts are missing; the server's log names the rule.",
                "ops",
                Query(f"sum(rate({own('prometheus_rule_evaluation_failures_total')}[{AUTO}]))"),
                steps=((None, GREEN), (0.0001, RED)),
            ),
        ],
    )


def _since() -> list[Line]:
    age = f"time() - max by (cluster) (last_over_time({HEARTBEAT}{{{CLUSTER}}}[1h]))"
    share = f"({_jobs('up', 'sum')}) / ({_jobs('up', 'count')})"
    return [
        Line(
            8,
            [
                states(
                    "Since when: freshness by cluster",
                    "Red: the newest evaluation of this cluster "
                    f"is older than five minutes. {RULES_OFF}",
                    "s",
                    Query(age, "{{cluster}}"),
                    steps=FRESH,
                ),
                states(
                    "Since when: targets up by job",
                    "Red: less than nine of ten targets of a job could be scraped.",
                    "percentunit",
                    Query(share, "{{cluster}} {{job}}"),
                    steps=((None, RED), (0.9, YELLOW), (1, GREEN)),
                ),
            ],
        ),
        Line(
            9,
            [
                table(
                    "Scrape jobs",
                    "One row for each job. Kept far below offered is good: the rest is not stored. "
                    "A scrape that takes nearly its interval is about to be missed.",
                    [Label("cluster", "Cluster"), Label("job", "Job")],
                    [
                        Value("Down", _down(), "short", ((None, GREEN), (1, YELLOW), (5, RED)), 0),
                        Value("Targets", _jobs("up", "count"), "short", (), 0),
                        Value(
                            "Slowest",
                            _jobs("scrape_duration_seconds", "max"),
                            "s",
                            ((None, GREEN), (5, YELLOW), (9, RED)),
                            2,
                        ),
                        Value("Offered", _jobs("scrape_samples_scraped", "sum"), "short"),
                        Value(
                            "Kept", _jobs("scrape_samples_post_metric_relabeling", "sum"), "short"
                        ),
                        Value("New", _jobs("scrape_series_added", "sum"), "short"),
                    ],
                    sort="Down",
                ),
                bars(
                    "Metrics with the most series",
                    "Where the memory goes. A name that should not be "
                    "here is dropped by a Telemetry override at the source, or by the scrape job. "
                    f"{RULES_OFF.replace('No number', 'No bars')}",
                    "short",
                    Query(
                        f"topk(15, max by (metric) (metric:series:count{{{CLUSTER}}}))",
                        "{{metric}}",
                    ),
                ),
            ],
            (14, 10),
        ),
    ]


def federation() -> Board:
    """The state of the telemetry."""
    return Board(
        "observe-federation",
        "Observe / Federation and scraping",
        "Is the telemetry itself whole, fresh and affordable. Look here first when numbers look "
        "odd.",
        [cluster(_NAMES)],
        [Section("", [_now(), *_since()]), servers()],
        [to("observe-mesh", "Mesh overview", "Is the mesh itself well")],
    )
