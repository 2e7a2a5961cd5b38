"""How the loops over samples are compiled: numba, kept on disk, without the interpreter's lock.

The first run on a machine compiles, which takes some seconds; later runs load what was kept beside
the source or, where that folder is read-only, in the user's cache folder. Where neither can be
written every process compiles anew: slower, never wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """The function, compiled at its first call."""
    try:
        return cast(F, numba.njit(function, cache=True, nogil=True))
    except RuntimeError:  # there is no folder to keep the result in
        return cast(F, numba.njit(function, nogil=True))
