from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from scripted_api import Api, Asked, Reply, at_moments, failure, matrix

from observe.errors import QueryTooLargeError, SourceError
from observe.telemetry.catalogue import ENTRIES
from observe.telemetry.client import PrometheusClient
from observe.telemetry.faults import UnreachableError
from observe.telemetry.fetch import Fetcher, Harvest
from observe.telemetry.pieces import Piece
from observe.telemetry.session import retry_policy
from observe.telemetry.settings import ConnectionSettings

Serve = Callable[..., Api]
START = datetime(2026, 3, 2, tzinfo=UTC)
TOO_LARGE = failure(422, "execution", "query processing would load too many samples into memory")
LABELS = {"reporter": "source", "source_workload": "web"}


def _times(asked: Asked) -> list[float]:
    begin, end = float(asked.params["start"]), float(asked.params["end"])
    step = float(asked.params["step"])
    return [begin + i * step for i in range(int((end - begin) / step) + 1)]


def _ones(asked: Asked) -> Reply:
    return matrix((LABELS, [(t, "1") for t in _times(asked)]))


def _run(server: Api, pieces: list[Piece], threads: int = 1, **options: float) -> Harvest:
    settings = ConnectionSettings(server.url, max_concurrency=threads, **options)  # type: ignore[arg-type]
    client = PrometheusClient(settings, retry_policy(backoff_seconds=0.001))
    return Fetcher(client, (), pause_seconds=0.01).run(pieces)


def _pieces(count: int, steps: int = 24) -> list[Piece]:
    length = timedelta(hours=steps)
    return [Piece(ENTRIES[0], START + i * length, 3600, steps) for i in range(count)]


def _total(harvest: Harvest) -> float:
    return sum(float(table.values.sum()) for _, table in harvest.tables)


def test_a_query_that_is_too_large_is_split_until_it_fits(api: Serve) -> None:
    server = api(lambda asked: TOO_LARGE if len(_times(asked)) > 5 else _ones(asked))
    harvest = _run(server, _pieces(2))
    assert _total(harvest) == 48
    assert harvest.missing == []
    spans = [len(_times(asked)) for asked in server.asked]
    assert spans[:3] == [24, 12, 6]
    assert sum(span > 5 for span in spans) == 3  # what was learnt holds for the second piece


def test_a_cut_answer_is_asked_for_in_shorter_pieces(api: Serve) -> None:
    def answer(asked: Asked) -> Reply:
        whole = _ones(asked)
        return Reply(200, whole.body[:40], length=999) if len(_times(asked)) > 12 else whole

    assert _total(_run(api(answer), _pieces(1))) == 24


def test_what_is_too_large_even_alone_is_missing_and_the_rest_is_kept(api: Serve) -> None:
    bad = (START + timedelta(hours=7)).timestamp()  # evaluated at the end of the seventh hour

    def answer(asked: Asked) -> Reply:
        return TOO_LARGE if bad in _times(asked) else _ones(asked)

    harvest = _run(api(answer), _pieces(1))
    assert _total(harvest) == 23
    (gap,) = harvest.missing
    assert gap.query == "requests"
    assert (gap.start, gap.end) == (START + timedelta(hours=6), START + timedelta(hours=7))
    assert "too many samples" in gap.reason


def test_a_piece_that_fails_leaves_the_others_and_is_named(api: Serve) -> None:
    second = (START + timedelta(hours=25)).timestamp()

    def answer(asked: Asked) -> Reply:
        broken = failure(500, "internal", "block is corrupt")
        return broken if float(asked.params["start"]) == second else _ones(asked)

    harvest = _run(api(answer), _pieces(3), threads=3)
    assert _total(harvest) == 48
    assert [gap.start for gap in harvest.missing] == [START + timedelta(hours=24)]
    assert "block is corrupt" in harvest.missing[0].reason


def test_when_nothing_at_all_is_answered_the_first_reason_is_the_error(api: Serve) -> None:
    with pytest.raises(UnreachableError, match="wants credentials"):
        _run(api(lambda _: failure(401, "", "")), _pieces(3))
    with pytest.raises(QueryTooLargeError):
        _run(api(lambda _: TOO_LARGE), _pieces(1, steps=1))


def test_a_lost_connection_is_not_tried_for_every_piece(api: Serve) -> None:
    server = api(lambda asked: _ones(asked) if len(server.asked) == 1 else failure(403, "", "no"))
    harvest = _run(server, _pieces(30))
    assert len(server.asked) == 1 + 3
    assert len(harvest.missing) == 29
    assert "connection was lost" in harvest.missing[-1].reason


def test_an_entry_that_always_fails_is_given_up(api: Serve) -> None:
    server = api(lambda _: failure(422, "execution", "many-to-many matching not allowed"))
    other = Piece(ENTRIES[1], START, 3600, 24)

    def answer(asked: Asked) -> Reply:
        if "bucket" in asked.params["query"]:
            return _ones(asked)
        return failure(422, "execution", "many-to-many matching not allowed")

    server.answer = answer
    harvest = _run(server, [*_pieces(9), other])
    assert len(server.asked) == 3 + 1
    assert len(harvest.missing) == 9


def test_the_time_for_the_whole_run_ends_it(api: Serve) -> None:
    server = api(_ones)
    with pytest.raises(SourceError, match="time for the whole run was used up"):
        _run(server, _pieces(3), run_seconds=1e-9)
    assert server.asked == []


def test_a_hanging_server_is_given_a_few_chances_only(api: Serve) -> None:
    server = api(lambda asked: _ones(asked) if len(server.asked) == 1 else Reply(hang=True))
    harvest = _run(server, _pieces(8), timeout_seconds=0.1, grace_seconds=0.05)
    assert len(server.asked) <= 5
    assert sum((gap.end - gap.start for gap in harvest.missing), timedelta()) == timedelta(days=7)


def test_warnings_of_the_server_are_kept_once(api: Serve) -> None:
    def answer(asked: Asked) -> Reply:
        return matrix((LABELS, [(_times(asked)[0], "1")]), warnings=["store-7 is gone"])

    assert _run(api(answer), _pieces(4)).warnings == ["store-7 is gone"]


def test_progress_is_told_for_every_piece(api: Serve) -> None:
    told: list[tuple[int, int, str]] = []
    client = PrometheusClient(api(_ones).url)
    Fetcher(client, ()).run(_pieces(3), lambda *step: told.append(step))
    assert told == [(1, 3, "requests"), (2, 3, "requests"), (3, 3, "requests")]


def test_nan_and_infinite_samples_are_left_out_and_counted(api: Serve) -> None:
    def answer(asked: Asked) -> Reply:
        values = ["NaN", "+Inf", "-Inf", "4"]
        return matrix((LABELS, list(zip(_times(asked), values, strict=False))))

    harvest = _run(api(answer), _pieces(1))
    assert _total(harvest) == 4
    assert harvest.tables[0][1].dropped == 3


def _services(asked: Asked) -> set[str]:
    """Services that a query selects, of the two there are."""
    query = asked.params["query"]
    found = {"cart", "pay"}
    for operator, text in re.findall(r'destination_service(=~|!~)"((?:[^"]*))"', query):
        inside = {name for name in found if re.fullmatch(text, name)}
        found &= inside if operator == "=~" else {"cart", "pay"} - inside
    return found


def test_a_step_that_is_too_large_is_divided_by_label_and_the_next_ones_at_once(
    api: Serve,
) -> None:
    def one_only(asked: Asked) -> Reply:
        services, times = _services(asked), _times(asked)
        if len(services) > 1:
            return TOO_LARGE
        (service,) = services
        return matrix((LABELS | {"destination_service": service}, [(t, "1") for t in times]))

    server = api(_counts_or(one_only))
    harvest = _run(server, _pieces(2, steps=4))
    assert harvest.missing == []
    assert _total(harvest) == 2 * 8
    refused = [
        a for a in server.asked if len(_services(a)) > 1 and "count by" not in a.params["query"]
    ]
    assert [len(_times(asked)) for asked in refused] == [4, 2, 1]
    counts = [a for a in server.asked if "count by" in a.params["query"]]
    assert len(counts) == 1


def _counts_or(reply: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
    """A server that counts series by service truthfully, and answers the rest like this."""

    def answer(asked: Asked) -> Reply:
        if "count by" not in asked.params["query"]:
            return reply(asked)
        if "count by (destination_service)" not in asked.params["query"]:
            return at_moments(asked)
        return at_moments(*_counted(asked, _services(asked)))

    return answer


def _counted(asked: Asked, services: set[str]) -> tuple[Any, ...]:
    return asked, *(({"destination_service": name}, [(0, "9")]) for name in services)


def test_a_part_of_the_series_that_does_not_arrive_is_named(api: Serve) -> None:
    server = api(_counts_or(lambda a: TOO_LARGE if "pay" in _services(a) else _ones(a)))
    harvest = _run(server, _pieces(1, steps=1))
    assert _total(harvest) == 1
    (gap,) = harvest.missing
    assert gap.reason.endswith('(series with destination_service!~"c(?s:.*)")')


def test_a_server_that_refuses_whatever_is_asked_is_not_asked_for_ever(api: Serve) -> None:
    def lie(asked: Asked) -> Reply:
        if "count by" in asked.params["query"]:
            return at_moments(*_counted(asked, {"cart", "pay"}))
        return TOO_LARGE

    server = api(lie)
    with pytest.raises(QueryTooLargeError):
        _run(server, _pieces(5))
    assert len(server.asked) < 60


@pytest.mark.parametrize("status", [429, 502, 503])
def test_a_server_in_trouble_for_longer_than_a_request_is_waited_for(
    api: Serve, status: int
) -> None:
    server = api(
        lambda asked: _ones(asked) if len(server.asked) > 9 else failure(status, "busy", "wait")
    )
    harvest = _run(server, _pieces(1))
    assert (_total(harvest), harvest.missing) == (24, [])
    assert len(server.asked) == 10


def test_a_gateway_that_loses_patience_is_asked_for_less(api: Serve) -> None:
    server = api(lambda asked: Reply(504, b"slow") if len(_times(asked)) > 12 else _ones(asked))
    assert _total(_run(server, _pieces(1))) == 24


def test_a_single_step_that_was_cut_is_asked_for_again(api: Serve) -> None:
    def answer(asked: Asked) -> Reply:
        whole = _ones(asked)
        return whole if len(server.asked) > 2 else Reply(200, whole.body[:40], length=999)

    server = api(answer)
    assert _total(_run(server, _pieces(1, steps=1))) == 1


def test_a_partial_answer_is_kept_and_named(api: Serve) -> None:
    def answer(asked: Asked) -> Reply:
        document = json.loads(_ones(asked).body) | {"isPartial": True}
        return Reply(200, json.dumps(document).encode())

    harvest = _run(api(answer), _pieces(1))
    assert _total(harvest) == 24
    assert [gap.reason for gap in harvest.missing] == ["the server says that it answered in part"]


def test_fewer_run_at_once_after_a_refusal_and_never_more_than_was_allowed(api: Serve) -> None:
    lock, inside, peaks = threading.Lock(), [0], [0, 0]

    def answer(asked: Asked) -> Reply:
        with lock:
            number = len(server.asked)
            inside[0] += 1
            late = number > 45
            peaks[late] = max(peaks[late], inside[0])
        time.sleep(0.005)
        with lock:
            inside[0] -= 1
        return failure(429, "rate", "slow down") if 30 <= number < 34 else _ones(asked)

    server = api(answer)
    settings = ConnectionSettings(server.url, max_concurrency=6)
    client = PrometheusClient(settings, retry_policy(backoff_seconds=0.001))
    harvest = Fetcher(client, (), pause_seconds=0.01).run(_pieces(60))
    assert (_total(harvest), harvest.missing) == (60 * 24, [])
    assert client.pace.halved >= 1
    assert 2 <= peaks[0] <= 6
    assert client.pace.reached <= 6
