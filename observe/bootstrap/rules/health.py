"""How scraping and recording fare: the heartbeat, the jobs, what fills the memory."""

from __future__ import annotations

from observe.bootstrap.rules.make import gauge
from observe.bootstrap.rules.model import Recording
from observe.telemetry.recorded import HEARTBEAT, HEARTBEAT_EXPRESSION

_JOB = ("cluster", "job")
#: What Prometheus says of each scrape.
_SCRAPES = {
    "scrape_duration_seconds": ("max", "longest scrape"),
    "scrape_samples_scraped": ("sum", "samples offered"),
    "scrape_samples_post_metric_relabeling": ("sum", "samples kept"),
    "scrape_series_added": ("sum", "series that were new"),
}


def heartbeat() -> Recording:
    """First in its group: whoever reads rates can tell how many evaluations arrived."""
    return Recording(
        HEARTBEAT, HEARTBEAT_EXPRESSION, "moment of the evaluation; tells a gap from no traffic"
    )


def jobs() -> list[Recording]:
    """Targets that are up, and their samples, by job."""
    return [
        gauge("job", "up", "sum", _JOB, "targets that were scraped"),
        gauge("job", "up", "count", _JOB, "targets there are"),
        *(gauge("job", m, how, _JOB, why) for m, (how, why) in _SCRAPES.items()),
    ]


def cardinality() -> list[Recording]:
    """Series by metric: seldom, because it looks at every series there is."""
    names = (
        'label_replace(count by (__name__) ({__name__!=""}), "metric", "$1", "__name__", "(.+)")'
    )
    # __name__ goes away in the sum, which leaves its copy.
    return [
        Recording(
            "metric:series:count",
            f"topk(50, sum by (metric) ({names}))",
            "the fifty metrics with the most series",
        )
    ]
