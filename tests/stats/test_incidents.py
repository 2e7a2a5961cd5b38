from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from observe.stats.windows import incidents

HOUR = 3_600


@dataclass
class Week:
    """A service's week in hourly steps, with a daily rhythm."""

    volumes: np.ndarray
    slow: np.ndarray
    failed: np.ndarray
    times: np.ndarray

    def incidents(self) -> np.ndarray:
        return np.flatnonzero(incidents(self.times, self.volumes, self.slow, self.failed, HOUR))


def week(seed: int, per_hour: float = 5_000, hours: int = 168, wander: float = 0.0) -> Week:
    """Ordinary traffic: 1 % slow (its share wandering by `wander`), 0.2 % failed."""
    rng = np.random.default_rng(seed)
    hour = np.arange(hours)
    rhythm = 1 + 0.6 * np.sin((hour % 24 - 9) / 24 * 2 * np.pi)
    volumes = rng.poisson(per_hour * rhythm)
    share = 0.01 * np.exp(wander * rng.normal(size=hours))
    slow = rng.binomial(volumes, np.minimum(share, 1.0))
    failed = rng.binomial(volumes, 0.002)
    times = np.datetime64("2026-03-02T00:00", "ns") + hour * np.timedelta64(1, "h")
    return Week(volumes, slow, failed, times)


def spoil(counts: np.ndarray, of: Week, hours: list[int], share: float) -> None:
    counts[hours] = (of.volumes[hours] * share).astype(int)


def test_a_slowdown_of_ninety_minutes_is_an_incident() -> None:
    w = week(1)
    spoil(w.slow, w, [63], 0.30)
    spoil(w.slow, w, [64], 0.15)
    assert w.incidents().tolist() == [63, 64]


def test_an_outage_is_an_incident() -> None:
    w = week(2)
    spoil(w.failed, w, [80, 81], 0.4)
    assert w.incidents().tolist() == [80, 81]


def test_an_outage_that_leaves_few_successes_is_an_incident() -> None:
    w = week(2)
    w.failed[80] = w.volumes[80]
    w.volumes[80] = 3
    assert w.incidents().tolist() == [80]


def test_a_nightly_batch_is_no_incident() -> None:
    w = week(3)
    spoil(w.slow, w, list(range(2, 168, 24)), 0.25)
    assert w.incidents().size == 0


def test_a_nightly_batch_that_starts_an_hour_late_once_is_no_incident() -> None:
    w = week(3)
    spoil(w.slow, w, [*range(2, 120, 24), 123, 146], 0.25)
    assert w.incidents().size == 0


def test_a_monday_peak_is_no_incident() -> None:
    w = week(4)
    w.volumes[9:13] *= 3
    spoil(w.slow, w, [9, 10, 11, 12], 0.2)
    w.failed[9:13] = (w.volumes[9:13] * 0.002).astype(int)
    assert w.incidents().size == 0


def test_a_slowdown_under_traffic_that_another_day_bore_is_an_incident() -> None:
    w = week(4)
    busiest = int(np.argmax(w.volumes[:24]))
    spoil(w.slow, w, [48 + busiest, 49 + busiest], 0.3)
    assert w.incidents().tolist() == [48 + busiest, 49 + busiest]


def test_the_hours_beside_a_peak_belong_to_it() -> None:
    w = week(4)
    w.volumes[9] *= 3
    w.slow[9] = (w.volumes[9] * 0.2).astype(int)
    spoil(w.slow, w, [8, 10, 20], 0.2)
    assert w.incidents().tolist() == [20]


def test_a_peak_with_failures_is_an_incident() -> None:
    w = week(4)
    w.volumes[9:13] *= 3
    spoil(w.slow, w, [9, 10, 11, 12], 0.2)
    spoil(w.failed, w, [9, 10, 11, 12], 0.2)
    assert w.incidents().tolist() == [9, 10, 11, 12]


def test_a_service_that_is_slow_too_often_is_left_as_it_is() -> None:
    w = week(5)
    times_of_day = (0, 2, 4, 6, 8, 10, 18, 20, 22)
    hours = [24 * (i % 7) + hour for i, hour in enumerate(times_of_day)]
    spoil(w.slow, w, hours[:8], 0.3)
    assert w.incidents().tolist() == sorted(hours[:8])
    spoil(w.slow, w, hours, 0.3)
    assert w.incidents().size == 0


def test_in_a_single_day_only_failures_count() -> None:
    w = week(6, hours=40)
    spoil(w.slow, w, [15, 16], 0.4)
    assert w.incidents().size == 0
    spoil(w.failed, w, [27], 0.4)
    assert w.incidents().tolist() == [27]


def test_a_small_rise_is_not_material() -> None:
    w = week(7, per_hour=200_000)
    spoil(w.slow, w, [63, 64], 0.02)
    assert w.incidents().size == 0


@pytest.mark.parametrize("per_hour", [3, 30, 300, 3_000])
def test_noise_is_no_incident(per_hour: float) -> None:
    # 100 weeks of 168 hours each: at most one week in a hundred may lose an hour to chance
    weeks = [week(seed, per_hour=per_hour, wander=0.3).incidents().size for seed in range(100)]
    assert np.count_nonzero(weeks) <= 1


@pytest.mark.parametrize("per_hour", [300, 3_000])
def test_a_clear_slowdown_is_found_nearly_always(per_hour: float) -> None:
    found = 0
    for seed in range(50):
        w = week(seed, per_hour=per_hour, wander=0.3)
        quiet = np.flatnonzero(w.volumes < np.quantile(w.volumes, 0.8))
        at = int(quiet[quiet > 20][seed])
        spoil(w.slow, w, [at], 0.4)
        found += w.incidents().tolist() == [at]
    assert found >= 48


def test_an_empty_window_has_no_incident() -> None:
    times = np.datetime64("2026-03-02", "ns") + np.arange(3) * np.timedelta64(1, "h")
    assert not incidents(times, [0, 0, 0], [0, 0, 0], [0, 0, 0], HOUR).any()
