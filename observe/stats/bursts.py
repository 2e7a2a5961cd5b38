"""Failures that come in bursts, told apart from failures that come one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: A step is part of a burst when so many failures would come by chance less often than this.
_CHANCE = 1e-5
_ROUNDS = 12


@dataclass(frozen=True)
class Bursts:
    """Steps with far more failures than the others.

    Attributes:
        inside: the steps of bursts (T).
        near: those, and the step before and after each, which a burst may reach into.
        spans: first step and step after the last of each burst.
        base: share of the requests that fail outside of bursts and their neighbours.
    """

    inside: Mask
    near: Mask
    spans: tuple[tuple[int, int], ...]
    base: float


def bursts(failed: Floats, totals: Floats) -> Bursts:
    """Find bursts of failures.

    The base is the share of failures among the steps that are in no burst; a step is in one when
    its failures have a chance of less than 1 in 100,000 under that share (binomial). Both are
    found in turns, beginning with the share over all steps, until nothing changes.

    Args:
        failed: failures per step (T).
        totals: requests per step (T), no fewer than the failures.
    """
    n = np.round(totals).astype(np.float64)
    x = np.round(np.minimum(failed, totals)).astype(np.float64)
    inside = np.zeros(n.size, dtype=np.bool_)
    base = _share(x, n, ~inside)
    for _ in range(_ROUNDS):
        # one failure among few requests is no burst, however rare failures are
        found = (binom.sf(x - 1, n, base) < _CHANCE) & (x >= 3)
        if (found == inside).all():
            break
        inside = found
        base = _share(x, n, ~_widened(inside))
    return Bursts(inside, _widened(inside), _spans(inside), base)


def mostly_failing(
    failed: Floats, totals: Floats, coarse_of_fine: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Steps in which most requests fail, in the step itself or in the coarse step around it (T).

    The coarse step tells it of a client that sends too few requests to tell it in a fine one. A
    service that loses one of two hosts fails half of the time, and is not meant.

    Args:
        failed: failures per fine step (T).
        totals: requests per fine step (T).
        coarse_of_fine: the coarse step that holds each fine step (T).
    """
    x = np.asarray(np.bincount(coarse_of_fine, weights=failed)[coarse_of_fine], np.float64)
    n = np.asarray(np.bincount(coarse_of_fine, weights=totals)[coarse_of_fine], np.float64)
    mostly: NDArray[np.bool_] = _most(failed, totals) | _most(x, n)
    return mostly


#: Failures, and the share of the requests that they are, when most fail.
_FEWEST_OF_MOST, _MOST = 5.0, 0.7


def _most(failed: Floats, totals: Floats) -> Mask:
    most: Mask = (failed >= _FEWEST_OF_MOST) & (failed >= _MOST * totals)
    return most


def load_driven(failed: Floats, totals: Floats) -> bool:
    """Whether failures come whenever the load is high, and hardly when it is low.

    Three quarters of the failures lie at loads of at least L. That is driven by the load when
    failures are three times as frequent from L on as below nine tenths of it, and when the steps
    from L on have failures about as widely as that frequency lets expect: not in a few spans only.

    Args:
        failed: failures per step (T).
        totals: requests per step (T).
    """
    if failed.sum() < _FEWEST:
        return False
    order = np.argsort(totals)
    gone = np.cumsum(failed[order])
    level = totals[order][int(np.searchsorted(gone, 0.25 * gone[-1]))]
    high, low = totals >= level, (totals < 0.9 * level) & (totals > 0)
    if totals[low].sum() < _FEWEST_LOW:
        return False
    often, seldom = _share(failed, totals, high), _share(failed, totals, low)
    upper = (failed[low].sum() + 3 * np.sqrt(failed[low].sum()) + 3) / totals[low].sum()
    if often < 3 * seldom or often < upper:
        return False
    expected = np.mean(-np.expm1(-totals[high] * often))
    return bool(np.mean(failed[high] > 0) >= 0.6 * expected)


#: Failures, and requests at low load, below which nothing is said about the load.
_FEWEST, _FEWEST_LOW = 20.0, 100.0


def _share(failed: Floats, totals: Floats, steps: Mask) -> float:
    total = float(totals[steps].sum())
    return float(failed[steps].sum()) / total if total > 0 else 0.0


def _widened(steps: Mask) -> Mask:
    wide = steps.copy()
    wide[1:] |= steps[:-1]
    wide[:-1] |= steps[1:]
    return wide


def _spans(inside: Mask) -> tuple[tuple[int, int], ...]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(np.int8), [0]])))
    return tuple((int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True))
