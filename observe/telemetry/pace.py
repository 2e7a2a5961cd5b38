"""How many queries run at the same time: more while the server keeps up, half when it does not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Queries at the same time in the beginning; nothing is known of the server yet.
_START = 2
#: Several refusals within this time speak of one moment of trouble and halve once.
_ONE_TROUBLE_SECONDS = 1.0
#: A query this many times slower (per step) than the fastest of its kind means a busy server ...
_BUSY = 4.0
#: ... and one faster than this many times leaves room for more.
_EASY = 2.5
#: Shorter queries say nothing about load.
_TELLING_SECONDS = 0.5


class Pace:
    """A limit of concurrency that adapts, as TCP does: plus one, times a half.

    The limit grows by one after as many good answers as it allows at once, and is halved when the
    server says that it is too much (429, 503, a time limit) or when answers become much slower.

    Args:
        most: the limit is never above this.
        clock: seconds that never go back.

    Attributes:
        limit: queries that may run at the same time now.
        reached: the most that did run at the same time.
        halved: how often the limit was halved.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = min(_START, most)
        self.reached = 0
        self.halved = 0
        self._most = most
        self._clock = clock
        self._turn = threading.Condition()
        self._running = 0
        self._good = 0
        self._halved_at = float("-inf")
        self._not_before = float("-inf")
        self._fastest: dict[str, float] = {}

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a turn, and hold it for the block."""
        with self._turn:
            while (wait := self._wait()) != 0:
                self._turn.wait(wait)
            self._running += 1
            self.reached = max(self.reached, self._running)
        try:
            yield
        finally:
            with self._turn:
                self._running -= 1
                self._turn.notify_all()

    def answered(self, kind: str, seconds: float, steps: int) -> None:
        """A query was answered.

        Args:
            kind: queries of one kind cost the same per step.
            seconds: from sending to the last byte.
            steps: number of steps that it covered.
        """
        each = seconds / max(1, steps)
        with self._turn:
            fastest = min(each, self._fastest.get(kind, each))
            self._fastest[kind] = fastest
            if seconds >= _TELLING_SECONDS and each > _BUSY * fastest:
                self._halve()
            elif seconds < _TELLING_SECONDS or each <= _EASY * fastest:
                self._grow()

    def hold_back(self, seconds: float = 0.0) -> None:
        """The server had too much.

        Args:
            seconds: it asked to be left alone for so long.
        """
        with self._turn:
            self._not_before = max(self._not_before, self._clock() + seconds)
            self._halve()

    def _wait(self) -> float | None:
        """Seconds until the next query may start; None when another one must end first."""
        if self._running >= self.limit:
            return None
        return max(0.0, self._not_before - self._clock())

    def _grow(self) -> None:
        self._good += 1
        if self._good >= self.limit and self.limit < self._most:
            self.limit += 1
            self._good = 0
            self._turn.notify_all()

    def _halve(self) -> None:
        now = self._clock()
        self._good = 0
        if now - self._halved_at >= _ONE_TROUBLE_SECONDS:
            self._halved_at = now
            self.limit = max(1, self.limit // 2)
            self.halved += 1
