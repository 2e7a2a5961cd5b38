"""Calls to counters: what the tests on recorded spans rest on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from proxies import BEFORE, Between, Scrapes, middle_of_bin, scrapes

START = pd.Timestamp("2022-08-22T04:00:00Z")


def calls(*at_and_ms: tuple[float, float]) -> pd.DataFrame:
    """Calls of one edge that ended so many seconds after START and took so many ms."""
    ends = [START + pd.Timedelta(seconds=seconds) for seconds, _ in at_and_ms]
    return pd.DataFrame(
        {
            "reporter": "source",
            "source": "frontend",
            "destination": "cartservice",
            "pod": "frontend-1-a",
            "end": ends,
            "duration_ms": [ms for _, ms in at_and_ms],
        }
    )


def window(first: float, last: float) -> tuple[pd.Timestamp, pd.Timestamp]:
    return START + pd.Timedelta(seconds=first), START + pd.Timedelta(seconds=last)


def series(made: Scrapes, name: str, le: str = "") -> list[float]:
    rows = [
        row - BEFORE
        for labels, row in zip(made.labels, made.values, strict=True)
        if labels["__name__"] == name and labels.get("le", "") == le
    ]
    assert len(rows) == 1
    return rows[0].tolist()


def test_a_call_counts_when_it_ends() -> None:
    made = scrapes(calls((1, 5), (16, 5), (29, 5)), (window(0, 30),), between="idle")
    assert made.times_ms.tolist() == [START.value // 10**6 + s * 1000 for s in (0, 15, 30)]
    assert series(made, "istio_requests_total") == [0, 1, 3]


@pytest.mark.parametrize(
    ("duration", "bound"),
    [(0.2, "0.5"), (0.9, "0.5"), (1.0, "5"), (4.99, "5"), (5.0, "10"), (249.9, "250"),
     (250.0, "500"), (4e6, "+Inf")],
)  # fmt: skip
def test_a_bucket_holds_what_took_less_than_its_bound_in_whole_milliseconds(
    duration: float, bound: str
) -> None:
    made = scrapes(calls((1, duration)), (window(0, 15),), between="idle")
    name = "istio_request_duration_milliseconds_bucket"
    bounds = [labels["le"] for labels in made.labels if labels["__name__"] == name]
    full = [le for le in bounds if series(made, name, le)[-1] == 1]
    assert full[0] == bound
    assert full == bounds[bounds.index(bound) :]


def test_nothing_is_scraped_between_windows_unless_proxies_were_idle() -> None:
    seen = calls((1, 5), (301, 5))
    windows = (window(0, 20), window(300, 310))
    ticks: dict[Between, list[float]] = {
        "unrecorded": [0, 15, 30, 300, 315],
        "idle": [float(s) for s in range(0, 316, 15)],
    }
    for between, seconds in ticks.items():
        made = scrapes(seen, windows, between=between)
        assert ((made.times_ms - START.value // 10**6) / 1000).tolist() == seconds
        assert series(made, "istio_requests_total")[-2:] == [1, 2]


def test_the_sum_is_that_of_the_middles_of_bins_of_two_digits() -> None:
    expected = [5.05, 105, 255, 43.5, 1_050, 0]
    durations = np.array([5.7, 104.0, 259.9, 43.2, 1_012, 0.4])
    assert middle_of_bin(durations) == pytest.approx(expected)
