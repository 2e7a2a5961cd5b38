"""How traffic ebbs and flows: by the hour of the day, by the day of the week, and in surges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HOURS_PER_WEEK = 168
#: Fine steps (300 s) of an hour: the resolution at which rates change.
CELLS = 12


@dataclass(frozen=True)
class Surge:
    """A span in which the load reaches a level whatever the time of day.

    Attributes:
        start_hour: hours after the start of the window; recurs every week.
        hours: length.
        level: load to reach, as a multiple of the everyday peak.
    """

    start_hour: float
    hours: float
    level: float


@dataclass(frozen=True)
class Rhythm:
    """Load relative to the everyday peak.

    Attributes:
        night: load of the quietest hour, 0-1.
        peak_hour: busiest hour of the day, UTC.
        weekend: Saturday's and Sunday's load relative to a weekday's.
        monday: Monday's load relative to the other weekdays'.
        surges: spans of more load.
    """

    night: float = 0.3
    peak_hour: float = 15.0
    weekend: float = 0.7
    monday: float = 1.0
    surges: tuple[Surge, ...] = ()

    def load(self, hours: NDArray[np.int64], start_hour_of_week: int) -> Floats:
        """Load in every fine step of some hours.

        Args:
            hours: shape (H,), hours since the start of the window.
            start_hour_of_week: hour of the week (0 is Monday 00:00 UTC) at which it starts.

        Returns:
            Shape (H, 12): the load in each five minutes.
        """
        at = hours[:, None] + (np.arange(CELLS) + 0.5) / CELLS
        clock = at + start_hour_of_week
        swing = 0.5 + 0.5 * np.cos((clock - self.peak_hour) * 2 * np.pi / 24)
        load: Floats = self.night + (1 - self.night) * swing
        day = (clock // 24).astype(np.int64) % 7
        load = load * np.where(day >= 5, self.weekend, np.where(day == 0, self.monday, 1.0))
        for surge in self.surges:
            since = (at - surge.start_hour) % HOURS_PER_WEEK
            load = np.where(since < surge.hours, np.maximum(load, surge.level), load)
        return load
