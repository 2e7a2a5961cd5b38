"""Reason codes of CPU and memory sizes."""

from __future__ import annotations

from enum import StrEnum


class ResourceReason(StrEnum):
    """Why a size is what it is, is doubted, or is withheld."""

    # what shaped the CPU
    CPU_BUSIEST_HOUR = "CPU_BUSIEST_HOUR"  #: the busiest hour of the week decides
    CPU_MOST_ABOVE = "CPU_MOST_ABOVE"  #: the share of steps that may lie above decides
    CPU_GROWS = "CPU_GROWS"  #: the days rise, week against week
    CPU_FELL = "CPU_FELL"  #: a whole week was lower, day by day: learned from that week alone
    CPU_IDLE = "CPU_IDLE"  #: next to nothing is used: the least request
    CPU_LIMIT_KEPT = "CPU_LIMIT_KEPT"  #: the limit that is set does not throttle
    CPU_LIMIT_THROTTLES = "CPU_LIMIT_THROTTLES"  #: it does, and goes
    CPU_LIMIT_UNJUDGED = "CPU_LIMIT_UNJUDGED"  #: a limit is set, throttling is not known
    STARTUP_SPIKE = "STARTUP_SPIKE"  #: starting costs more than running; left out
    # what shaped the memory
    MEMORY_GROWS = "MEMORY_GROWS"  #: room for the growth of a further window
    MEMORY_OOM_RAISED = "MEMORY_OOM_RAISED"  #: killed for memory: above what it had
    MEMORY_FLOOR = "MEMORY_FLOOR"  #: the least request
    # what lowers the confidence
    SHORT_WINDOW = "SHORT_WINDOW"  #: not every hour of the week was seen
    LOW_COVERAGE = "LOW_COVERAGE"  #: scrapes are missing
    WIDE_INTERVAL = "WIDE_INTERVAL"  #: the days disagree
    CPU_CENSORED = "CPU_CENSORED"  #: throttled: more was wanted than was seen
    MEMORY_CENSORED = "MEMORY_CENSORED"  #: killed, or at the limit: more was wanted
    REPLICAS_UNEVEN = "REPLICAS_UNEVEN"  #: one pod does much more than the others
    RESTARTS = "RESTARTS"  #: it keeps restarting
    BACKTEST_ABOVE = "BACKTEST_ABOVE"  #: the rest of the window lay above what the first part asked
    # withheld
    NO_USAGE = "NO_USAGE"  #: nothing was scraped
    TOO_SHORT = "TOO_SHORT"  #: less was scraped than a size needs
    MOSTLY_GAPS = "MOSTLY_GAPS"  #: most of the window is unknown
    MEMORY_LEAK = "MEMORY_LEAK"  #: it rises whatever the load: a leak is not a size
