"""The two steps that a window is read in, and its alignment to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from observe.errors import InputError

#: Steps in seconds; each divides the hour, so that steps of all windows fall on the same times.
FINE_STEPS = (300, 600, 900, 1200, 1800, 3600)
COARSE_STEP = 3600
#: A rate needs this many scrapes in its window to survive a missed one (DESIGN: at least four).
SCRAPES_PER_STEP = 4
_DAY = timedelta(days=1)
#: A window shorter than a day is cut into at least this many coarse steps, if that can be.
_SHORT_WINDOW_STEPS = 12


@dataclass(frozen=True)
class Steps:
    """An aligned window and its steps.

    Attributes:
        start: first moment, on a multiple of `coarse` since the epoch.
        end: moment after the last one; a multiple of `coarse` after `start`.
        fine: seconds of a step of request counts.
        coarse: seconds of a step of latency buckets; a multiple of `fine`.
    """

    start: datetime
    end: datetime
    fine: int
    coarse: int

    def count(self, step: int) -> int:
        """Number of steps of this length in the window."""
        return int((self.end - self.start).total_seconds()) // step


def choose_steps(start: datetime, end: datetime, scrape_seconds: float) -> Steps:
    """Steps that fit the window and the scrape interval.

    The window is moved back to whole coarse steps: both ends are rounded down, so that it never
    reaches into the future.

    Raises:
        InputError: the window is not one, or is shorter than a step.
    """
    if start.tzinfo is None or end.tzinfo is None:
        raise InputError("a time of the window has no zone", "Use UTC, such as 2026-01-31T00:00Z")
    if end <= start:
        raise InputError(f"the window ends ({end:%F %T}) before it starts ({start:%F %T})")
    fine = fine_step(scrape_seconds)
    coarse = coarse_step(end - start, fine)
    if (end - start).total_seconds() < coarse:
        raise InputError(
            f"the window is shorter than one step of {coarse // 60} minutes",
            f"Scrapes come every {scrape_seconds:g} s; ask for a longer window",
        )
    return Steps(_floor(start, coarse), _floor(end, coarse), fine, coarse)


def fine_step(scrape_seconds: float) -> int:
    """The shortest step that holds four scrapes; an hour when none does."""
    fitting = (s for s in FINE_STEPS if s >= SCRAPES_PER_STEP * scrape_seconds)
    return next(fitting, FINE_STEPS[-1])


def coarse_step(length: timedelta, fine: int) -> int:
    """An hour for a day and more; for shorter windows the longest step that leaves twelve."""
    if length >= _DAY:
        return COARSE_STEP
    seconds = length.total_seconds()
    fitting = [s for s in FINE_STEPS if s % fine == 0 and seconds >= _SHORT_WINDOW_STEPS * s]
    return max(fitting, default=fine)


def _floor(moment: datetime, seconds: int) -> datetime:
    epoch = int(moment.timestamp())
    return datetime.fromtimestamp(epoch - epoch % seconds, UTC)
