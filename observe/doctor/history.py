"""Checks of the server itself and of time: clock, scrapes, retention, freshness, coverage."""

from __future__ import annotations

from collections.abc import Iterator

from observe.doctor.facts import Coverage, Facts
from observe.doctor.model import Check
from observe.telemetry.recorded import RATE_SECONDS

#: Clocks further apart than this put the newest samples into the wrong step.
_SKEW_SECONDS = 30.0
#: Slower scrapes leave steps of more than five minutes.
_SLOW_SCRAPE_SECONDS = 75.0
_LOW_COVERAGE = 0.9
_VERY_LOW_COVERAGE = 0.5
#: Longer than two scrapes and the lookback of a query.
_STALE_SECONDS = 600.0
_NAMED = 4
_BEGAN = (
    "If it was set up then, wait: a report wants a day, better a week. If it has run for longer, "
    "it forgets too soon. "
)


def server(facts: Facts) -> Iterator[Check]:
    """Who answers, and what it keeps to itself."""
    if facts.kept_away:
        hidden = ", ".join(facts.kept_away)
        yield Check(
            name="server",
            status="WARN",
            found=f"{facts.server}; not answered: {hidden}",
            fix="Allow reading the whole query API (labels, series, query, query_range)",
        )
        return
    yield Check(name="server", status="OK", found=facts.server)


def clock(facts: Facts) -> Iterator[Check]:
    """Whether the server's clock and ours agree."""
    if facts.skew_seconds is None:
        return
    off = abs(facts.skew_seconds)
    found = "agrees with ours" if off < 2 else f"{off:.0f} s {_ahead(facts.skew_seconds)} ours"
    if off > _SKEW_SECONDS:
        fix = "Set the clocks of both machines by NTP"
        yield Check(name="clock", status="WARN", found=found, fix=fix)
    else:
        yield Check(name="clock", status="OK", found=found)


def remote_read(facts: Facts) -> Iterator[Check]:
    """Whether the quicker way of reading is there."""
    if facts.remote_read is None:
        return
    found = "offered" if facts.remote_read else "not offered: PromQL is used, which takes longer"
    yield Check(name="remote read", status="OK", found=found)


def interval(facts: Facts) -> Iterator[Check]:
    """How often proxies are scraped, or rates federated."""
    if not facts.kind:
        return
    name = "scrape interval" if facts.kind == "raw" else "distance of recorded samples"
    seconds = facts.interval_seconds
    if seconds is None:
        yield Check(
            name=name,
            status="WARN",
            found="no series has two samples within an hour",
            fix="Are the proxies scraped at all times? Look at the targets of this Prometheus",
        )
    elif facts.kind == "recorded" and seconds > RATE_SECONDS:
        yield Check(
            name=name,
            status="FAIL",
            found=f"{seconds:g} s, longer than the {RATE_SECONDS} s that a recorded rate covers",
            fix=f"Federate at least every {RATE_SECONDS} s; what lies in between is never seen",
        )
    elif seconds > _SLOW_SCRAPE_SECONDS:
        yield Check(
            name=name,
            status="WARN",
            found=f"{seconds:g} s: a rate needs four scrapes, so steps are "
            f"{4 * seconds / 60:g} minutes or more",
            fix="Scrape the proxies every 15 to 60 s",
        )
    else:
        yield Check(name=name, status="OK", found=f"{seconds:g} s")


def retention(facts: Facts) -> Iterator[Check]:
    """Whether a week is there."""
    if not facts.kind or "the oldest sample" in facts.kept_away:
        return
    age, begin = facts.history_seconds or 0.0, facts.begin_seconds
    found = f"samples from {_span(age)} ago are there" if age else "no samples from an hour ago"
    if age >= 7 * 86_400:
        yield Check(name="history", status="OK", found=found)
        return
    yield Check(
        name="history",
        status="WARN" if age >= 86_400 else "FAIL",
        found=found + _where_it_ends(age, begin),
        fix=("" if begin is None else _BEGAN)
        + "Keep at least eight days (--storage.tsdb.retention.time=15d), or ask the long-term "
        "store; Istio's quick-start Prometheus keeps six hours",
    )


def freshness(facts: Facts) -> Iterator[Check]:
    """Whether samples still arrive."""
    if not facts.kind or "the newest sample" in facts.kept_away:
        return
    name = "newest sample" if facts.kind == "raw" else "freshness of the federation"
    age = facts.fresh_seconds
    if age is not None and age <= _STALE_SECONDS:
        yield Check(name=name, status="OK", found=f"{max(age, 0):.0f} s old")
        return
    yield Check(
        name=name,
        status="FAIL",
        found="none within an hour" if age is None else f"{age:.0f} s old",
        fix="Look at the targets of this Prometheus"
        + ("" if facts.kind == "raw" else ", and at the job that scrapes /federate"),
    )


def coverage(facts: Facts) -> Iterator[Check]:
    """Scrapes that arrived, by cluster and namespace."""
    if not facts.coverage:
        return
    low = sorted((c for c in facts.coverage if c.share < _LOW_COVERAGE), key=lambda c: c.share)
    if not low:
        least = min(c.share for c in facts.coverage)
        found = f"at least {least:.0%} in each namespace ({len(facts.coverage)})"
        yield Check(name="coverage", status="OK", found=found)
        return
    more = f" and {len(low) - _NAMED} more" if len(low) > _NAMED else ""
    yield Check(
        name="coverage",
        status="FAIL" if low[0].share < _VERY_LOW_COVERAGE else "WARN",
        found="scrapes are missing in " + ", ".join(map(_place, low[:_NAMED])) + more,
        fix="Look for targets that are down or time out, and for gaps in Prometheus",
    )


def _place(coverage: Coverage) -> str:
    where = "/".join(part for part in (coverage.cluster, coverage.namespace) if part)
    return f"{where} ({coverage.share:.0%})"


def _ahead(seconds: float) -> str:
    return "ahead of" if seconds > 0 else "behind"


def _span(seconds: float) -> str:
    if seconds >= 86_400:
        return f"{seconds / 86_400:g} days"
    return f"{seconds / 3600:g} hours"


def _where_it_ends(age: float, begin: float | None) -> str:
    if begin is not None:
        return f": data begin {_words(begin)} before the end of the window"
    return f", none from {_next(age)} ago" if age else ""


def _words(seconds: float) -> str:
    """A span to two digits: 12 minutes, 5.5 hours, 3 days."""
    for size, unit in ((86_400, "days"), (3600, "hours")):
        if seconds >= 2 * size:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds / 60:.0f} minutes"


def _next(age: float) -> str:
    """The shortest age that was looked at and is not there."""
    ages = (3600.0, 6 * 3600.0, 86_400.0, 2 * 86_400.0, 7 * 86_400.0)
    return _span(next(a for a in ages if a > age))
