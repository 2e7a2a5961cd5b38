"""Which steps of a window count: the busiest, the first part."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from observe.errors import InputError
from observe.stats.incidents import incidents

__all__ = ["busiest", "incidents", "split"]

Mask = NDArray[np.bool_]


def busiest(volumes: ArrayLike, share: float, enough: float) -> Mask:
    """The smallest set of the busiest steps that is large enough.

    Args:
        volumes: requests per step.
        share: at least this share of the steps, within (0, 1].
        enough: at least this many requests together.

    Returns:
        One bool per step; all of them when the steps together hold fewer than `enough`. Among
        equally busy steps the earlier one goes first.
    """
    n = np.nan_to_num(np.asarray(volumes, dtype=np.float64))
    mask = np.zeros(n.size, dtype=np.bool_)
    order = np.argsort(-n, kind="stable")
    held = np.cumsum(n[order])
    by_share = int(np.ceil(share * n.size - 1e-9))
    by_volume = int(np.searchsorted(held, enough, side="left")) + 1
    mask[order[: max(by_share, by_volume)]] = True
    return mask


def split(steps: int | ArrayLike, share: float) -> tuple[Mask, Mask]:
    """Steps to learn from and steps to test on: the first part of the window, and the rest.

    Args:
        steps: number of steps, or anything with one entry a step.
        share: part to learn from, within (0, 1).

    Returns:
        Two masks that together cover each step once; with two steps or more, neither is empty.
    """
    if not 0 < share < 1:
        raise InputError("the share to learn from must lie strictly between 0 and 1")
    n = int(steps) if isinstance(steps, int) else int(np.size(np.asarray(steps)))
    cut = round(share * n)
    cut = min(max(cut, 1), n - 1) if n >= 2 else n
    train = np.arange(n) < cut
    return train, ~train
