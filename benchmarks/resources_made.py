"""Made series whose truth is known: the shapes that containers show, and that rules forget.

Three weeks in steps of five minutes: two to learn from, one to be judged on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from resources_traces import Trace, TraceSet

Floats = NDArray[np.float64]

START = 1_704_067_200  # 2024-01-01, a Monday
STEP, DAY, WEEKS = 300, 288, 3
EACH = 8


def made_sets() -> list[TraceSet]:
    """One set a shape, of a few series each."""
    shapes = {
        "steady": _steady,
        "working days": _working_days,
        "Monday's peak": _monday,
        "bursts": _bursts,
        "growth": _growth,
        "a level that changed": _changed,
        "one outlier": _outlier,
    }
    sets = []
    for number, (name, shape) in enumerate(shapes.items()):
        traces = []
        for seed in range(EACH):
            rng = np.random.default_rng((number, seed))
            values = shape(rng) * rng.uniform(0.1, 2.0)
            traces.append(Trace(f"{name} {seed}", START, STEP, values))
        sets.append(TraceSet(f"made: {name}", "cpu", tuple(traces)))
    return sets


def _clock() -> tuple[Floats, Floats]:
    """Hour of the day and day since the start, of each step."""
    at = np.arange(WEEKS * 7 * DAY) / DAY
    return (at % 1) * 24, np.floor(at)


def _noise(rng: np.random.Generator, cv: float = 0.1) -> Floats:
    """Noise that lasts for some steps, as load does."""
    raw = rng.normal(size=WEEKS * 7 * DAY + 12)
    smooth = np.convolve(raw, np.ones(6) / np.sqrt(6), "same")[6:-6]
    return np.exp(cv * (0.7 * smooth + 0.7 * rng.normal(size=smooth.size)))


def _daily(swing: float) -> Floats:
    hour, _ = _clock()
    return 1 + swing * np.sin((hour - 8) / 24 * 2 * np.pi)


def _steady(rng: np.random.Generator) -> Floats:
    return _noise(rng)


def _working_days(rng: np.random.Generator) -> Floats:
    _, day = _clock()
    return _daily(0.6) * np.where(day % 7 >= 5, 0.3, 1.0) * _noise(rng)


def _monday(rng: np.random.Generator) -> Floats:
    hour, day = _clock()
    peak = (day % 7 == 0) & (hour >= 9) & (hour < 12)
    return _daily(0.2) * np.where(peak, 4.0, 1.0) * _noise(rng)


def _bursts(rng: np.random.Generator) -> Floats:
    burst = rng.random(WEEKS * 7 * DAY) < 0.04
    return _noise(rng) * np.where(burst, rng.uniform(2, 6, burst.size), 1.0)


def _growth(rng: np.random.Generator) -> Floats:
    at = np.arange(WEEKS * 7 * DAY) / (7 * DAY)
    return _daily(0.4) * 1.15**at * _noise(rng)


def _changed(rng: np.random.Generator) -> Floats:
    _, day = _clock()
    return _daily(0.3) * np.where(day < rng.integers(3, 11), 1.0, 0.6) * _noise(rng)


def _outlier(rng: np.random.Generator) -> Floats:
    values = _daily(0.4) * _noise(rng)
    values[rng.integers(0, 14 * DAY) :][:6] *= 10
    return values
