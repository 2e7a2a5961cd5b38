from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observe.telemetry.decode import decode, pack

LABEL = st.sampled_from(["a", "b", "le"])
SERIES = st.tuples(
    st.dictionaries(LABEL, st.text(st.characters(exclude_categories=("Cs",)), max_size=9)),
    st.dictionaries(
        st.integers(0, 10**10), st.floats(allow_nan=False, allow_infinity=False), max_size=5
    ),
)


@given(st.lists(SERIES, max_size=5))
def test_every_sample_comes_out_with_its_labels_time_and_value(
    series: list[tuple[dict[str, str], dict[int, float]]],
) -> None:
    answer = {
        "resultType": "matrix",
        "result": [
            {"metric": labels, "values": [[t, repr(v)] for t, v in samples.items()]}
            for labels, samples in series
        ],
    }
    result = decode(json.loads(json.dumps(answer)))
    got = [
        (result.labels[s], t, v)
        for s, t, v in zip(result.series, result.times_ms, result.values, strict=True)
    ]
    assert got == [(labels, t * 1000, v) for labels, samples in series for t, v in samples.items()]


def test_nan_and_infinities_are_read_as_prometheus_writes_them() -> None:
    values = [[0.5, "NaN"], [1.25, "+Inf"], [2, "-Inf"], [3, "1e-3"]]
    result = decode({"resultType": "matrix", "result": [{"metric": {}, "values": values}]})
    assert math.isnan(result.values[0])
    assert result.values[1:].tolist() == [math.inf, -math.inf, 0.001]
    assert result.times_ms.tolist() == [500, 1250, 2000, 3000]


def test_vectors_and_scalars_have_one_sample_a_series() -> None:
    vector = decode({"resultType": "vector", "result": [{"metric": {"a": "1"}, "value": [9, "2"]}]})
    assert (vector.labels, vector.values.tolist()) == (({"a": "1"},), [2.0])
    scalar = decode({"resultType": "scalar", "result": [9, "3"]})
    assert (scalar.labels, scalar.values.tolist()) == (({},), [3.0])


@pytest.mark.parametrize(
    "data",
    [
        {"resultType": "string", "result": [0, "x"]},
        {"resultType": "matrix", "result": [{"metric": {}, "values": [[0]]}]},
        {"resultType": "matrix", "result": [{"metric": {}, "values": [[0, "x"]]}]},
        {"resultType": "matrix", "result": [{"values": []}]},
        {"result": []},
    ],
)
def test_another_shape_is_an_error(data: dict[str, object]) -> None:
    with pytest.raises((KeyError, ValueError)):
        decode(data)


def test_native_histograms_are_left_out_and_said_so() -> None:
    result = decode({"resultType": "matrix", "result": [{"metric": {}, "histograms": [[0, {}]]}]})
    assert result.values.size == 0
    assert result.infos == ("1 native histogram series were left out",)


def test_the_frame_has_one_row_a_sample_and_empty_text_for_absent_labels() -> None:
    series = [
        {"metric": {"a": "x"}, "values": [[60, "1"], [120, "2"]]},
        {"metric": {"b": "y"}, "values": [[60, "3"]]},
    ]
    frame = decode({"resultType": "matrix", "result": series}).frame()
    assert frame["a"].tolist() == ["x", "x", ""]
    assert frame["b"].tolist() == ["", "", "y"]
    assert frame["value"].tolist() == [1, 2, 3]
    assert frame["time"].iloc[1] == pd.Timestamp("1970-01-01 00:02", tz="UTC")
    assert decode({"resultType": "matrix", "result": []}).frame().empty


def test_the_dense_grid_has_nan_where_a_sample_is_absent() -> None:
    series = [{"metric": {}, "values": [[60, "1"], [180, "3"], [240, "4"]]}]
    grid = decode({"resultType": "matrix", "result": series}).dense(60_000, 60_000, 3)
    np.testing.assert_array_equal(grid, [[1, np.nan, 3]])


def test_samples_that_were_packed_while_parsing_are_the_same() -> None:
    text = (
        '{"resultType":"matrix","result":[{"metric":{"values":"odd label"},"values":[[1.5,"2"],'
        '[2.5,"NaN"],[3.5,"+Inf"]]},{"metric":{},"values":[]},{"metric":{"le":"1"}}]}'
    )
    packed, plain = decode(json.loads(text, object_hook=pack)), decode(json.loads(text))
    assert packed.labels == plain.labels == ({"values": "odd label"}, {}, {"le": "1"})
    assert packed.series.tolist() == plain.series.tolist() == [0, 0, 0]
    assert packed.times_ms.tolist() == plain.times_ms.tolist() == [1500, 2500, 3500]
    np.testing.assert_array_equal(packed.values, [2.0, np.nan, np.inf])
    np.testing.assert_array_equal(plain.values, packed.values)


@pytest.mark.parametrize("values", [[[1]], [[1, "2", 3]], [["x", "1"]], [[1, None]], [5], "[]"])
def test_what_is_no_pair_of_time_and_value_is_refused_packed_or_not(values: object) -> None:
    data = {"resultType": "matrix", "result": [{"metric": {}, "values": values}]}
    for hook in (None, pack):
        with pytest.raises((TypeError, ValueError)):
            decode(json.loads(json.dumps(data), object_hook=hook))


def test_a_series_without_labels_has_rows_too() -> None:
    answer = {"resultType": "vector", "result": [{"metric": {}, "value": [60, "3"]}]}
    frame = decode(answer).frame()
    assert list(frame.columns) == ["time", "value"]
    assert frame["value"].tolist() == [3.0]
