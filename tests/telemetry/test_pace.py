from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from observe.telemetry.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_quick_answers_raise_the_limit_one_by_one_up_to_the_most() -> None:
    pace = Pace(4)
    limits = []
    for _ in range(9):
        pace.answered("requests", 0.2, 10)
        limits.append(pace.limit)
    assert limits == [2, 3, 3, 3, 4, 4, 4, 4, 4]
    assert pace.halved == 0


def test_a_refusal_halves_the_limit_and_several_at_once_halve_it_once() -> None:
    clock = Clock()
    pace = Pace(16, clock)
    for _ in range(200):
        pace.answered("requests", 0.2, 10)
    assert pace.limit == 16
    pace.hold_back()
    pace.hold_back()
    assert (pace.limit, pace.halved) == (8, 1)
    for _ in range(9):
        clock.now += 2
        pace.hold_back()
    assert pace.limit == 1


def test_answers_that_become_much_slower_for_the_same_steps_halve_the_limit() -> None:
    pace = Pace(8)
    for _ in range(50):
        pace.answered("latency", 1.0, 100)
    assert pace.limit == 8
    pace.answered("latency", 3.0, 100)  # slower, as it must be when several share the server
    assert pace.limit == 8
    pace.answered("latency", 6.0, 100)
    assert pace.limit == 4
    pace.answered("coverage", 60.0, 100)  # another kind: nothing to compare it with
    assert (pace.limit, pace.halved) == (4, 1)


def test_what_is_slow_because_it_is_long_does_not_count_as_slow() -> None:
    pace = Pace(8)
    pace.answered("latency", 1.0, 24)
    pace.answered("latency", 7.0, 168)
    assert pace.halved == 0


@given(st.integers(1, 8), st.lists(st.booleans(), max_size=60))
def test_the_limit_stays_between_one_and_the_most(most: int, good: list[bool]) -> None:
    clock = Clock()
    pace = Pace(most, clock)
    for well in good:
        clock.now += 5
        if well:
            pace.answered("requests", 0.1, 1)
        else:
            pace.hold_back()
        assert 1 <= pace.limit <= most


def test_never_more_run_at_once_than_the_limit_allows() -> None:
    pace = Pace(3)
    inside, peak, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, peak
        for _ in range(40):
            with pace.slot():
                with lock:
                    inside += 1
                    peak = max(peak, inside)
                pace.answered("requests", 0.01, 1)
                with lock:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert peak == pace.reached <= 3


def test_nobody_starts_before_the_server_wants_to_be_asked_again() -> None:
    clock = Clock()
    pace = Pace(4, clock)
    pace.hold_back(7.0)
    started = threading.Event()

    def work() -> None:
        with pace.slot():
            started.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert not started.wait(0.05)
    clock.now += 7
    with pace._turn:
        pace._turn.notify_all()
    assert started.wait(10)
    thread.join()
