"""The remote-write message, taken apart again by an independent reader."""

from __future__ import annotations

import struct

import cramjam
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observe.demo.wire import compress, encode_labels, encode_request, encode_samples, varint
from observe.errors import InputError

NOW = 1_790_000_000_000


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def fields(data: bytes) -> list[tuple[int, bytes | int]]:
    """(field number, payload) of a protobuf message; 64-bit payloads as bytes."""
    found: list[tuple[int, bytes | int]] = []
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            number, at = read_varint(data, at)
            found.append((tag >> 3, number))
            continue
        length, at = (8, at) if tag & 7 == 1 else read_varint(data, at)
        found.append((tag >> 3, data[at : at + length]))
        at += length
    return found


def read_request(message: bytes) -> list[tuple[dict[str, str], list[tuple[int, float]]]]:
    series = []
    for _, body in fields(message):
        assert isinstance(body, bytes)
        labels, samples = {}, []
        for number, part in fields(body):
            assert isinstance(part, bytes)
            inner = dict(fields(part))
            if number == 1:
                labels[inner[1].decode()] = inner[2].decode()
            else:
                samples.append((inner[2], struct.unpack("<d", inner[1])[0]))
        series.append((labels, samples))
    return series


def test_series_and_samples_come_back_as_they_were() -> None:
    labels = [{"__name__": "b", "z": "1", "a": 'quo"te\n<script>'}, {"__name__": "c", "e": ""}]
    times = np.array([NOW, NOW + 60_000, NOW + 120_000])
    values = np.array([[1.0, np.nan, 3.5], [-0.0, np.inf, 1e300]])
    got = read_request(encode_request([encode_labels(x) for x in labels], times, values))
    assert got == [
        (labels[0], [(NOW, 1.0), (NOW + 120_000, 3.5)]),
        ({"__name__": "c"}, [(NOW, 0.0), (NOW + 60_000, np.inf), (NOW + 120_000, 1e300)]),
    ]


def test_labels_are_sorted_as_the_receiver_demands() -> None:
    names = [
        dict(fields(body))[1] for _, body in fields(encode_labels({"z": "1", "__name__": "m"}))
    ]
    assert names == [b"__name__", b"z"]


def test_series_without_a_sample_are_left_out() -> None:
    labels = [encode_labels({"__name__": "m", "n": str(n)}) for n in range(3)]
    values = np.array([[np.nan], [2.0], [np.nan]])
    got = read_request(encode_request(labels, np.array([NOW]), values))
    assert got == [({"__name__": "m", "n": "1"}, [(NOW, 2.0)])]
    assert encode_request(labels, np.array([NOW]), np.full((3, 1), np.nan)) == b""


@given(st.integers(0, 2**63 - 1))
def test_varints_of_every_size_come_back(number: int) -> None:
    assert read_varint(varint(number), 0) == (number, len(varint(number)))


@given(st.lists(st.integers(1 << 35, (1 << 42) - 1), min_size=1, max_size=20, unique=True))
def test_every_millisecond_of_the_age_is_encoded(times: list[int]) -> None:
    at = np.sort(np.array(times))
    records, offsets = encode_samples(at, np.zeros((1, len(at))))
    assert offsets.tolist() == [0, len(records)]
    got = [dict(fields(body))[2] for _, body in fields(records)]
    assert got == at.tolist()


@pytest.mark.parametrize("time", [1_790_000_000, 1 << 42])
def test_seconds_given_for_milliseconds_are_refused(time: int) -> None:
    with pytest.raises(InputError, match="milliseconds since 1970, not seconds"):
        encode_samples(np.array([time]), np.zeros((1, 1)))


def test_times_out_of_order_are_refused() -> None:
    with pytest.raises(InputError, match="not ascending"):
        encode_samples(np.array([NOW, NOW]), np.zeros((1, 2)))


def test_a_series_without_a_name_is_refused() -> None:
    with pytest.raises(InputError, match="no metric name"):
        encode_labels({"pod": "a"})


def test_compression_is_snappy_without_frames() -> None:
    message = b"abc" * 1000
    body = compress(message)
    assert len(body) < len(message) / 5
    assert bytes(cramjam.snappy.decompress_raw(body)) == message
