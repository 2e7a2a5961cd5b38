from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from observe.telemetry.assemble import Table, join
from observe.telemetry.gather import Gathering, compact

HOUR = 3_600_000


def _table(rows: list[tuple[str, float, int, float]], names: list[tuple[str, float]]) -> Table:
    """A table of (workload, le, step, value), whose labels are these names."""
    where = {name: i for i, name in enumerate(names)}
    return Table(
        labels=pd.DataFrame(names, columns=["workload", "le"]).astype({"workload": "str"}),
        series=np.array([where[w, le] for w, le, _, _ in rows], dtype=np.int64),
        time=np.array([step * HOUR for _, _, step, _ in rows], dtype=np.int64),
        values=np.array([value for *_, value in rows], dtype=np.float64),
    )


ROWS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from([1.0, float("inf")]),
        st.integers(0, 20),
        st.integers(1, 9).map(float),
    ),
    max_size=40,
    unique_by=lambda row: row[:3],
)


@given(ROWS, st.randoms())
def test_pieces_in_any_order_make_the_rows_of_one_table(rows: list, random: object) -> None:
    names = [(w, le) for w in "abc" for le in (1.0, float("inf"))]
    parts = [[row for row in rows if row[2] // 7 == k] for k in range(3)]
    tables = [compact(_table(part, names)) for part in parts]
    random.shuffle(tables)  # type: ignore[attr-defined]
    gathering = Gathering()
    for table in tables:
        gathering.add(table)
    gathered, whole = gathering.take(), join([compact(_table(rows, names))])
    if gathered is None:
        assert rows == []
        return
    left = gathered.rows(("workload", "le"), "value")
    pd.testing.assert_frame_equal(left, whole.rows(("workload", "le"), "value"))


def test_labels_are_kept_once_however_many_pieces_repeat_them() -> None:
    gathering = Gathering()
    for step in range(5):
        gathering.add(_table([("a", 1.0, step, 2.0)], [("a", 1.0)]))
    table = gathering.take()
    assert table is not None
    assert len(table.labels) == 1
    assert table.values.sum() == 10
    assert table.time.tolist() == [step * HOUR for step in range(5)]
    assert table.labels.dtypes.to_dict() == {"workload": "str", "le": "float64"}


def test_compact_drops_series_without_samples_and_merges_equal_labels() -> None:
    names = [("a", 1.0), ("unused", 1.0), ("a", 2.0)]
    table = _table([("a", 2.0, 1, 5.0), ("a", 1.0, 2, 3.0), ("a", 1.0, 1, 4.0)], names)
    table.labels["le"] = 1.0
    small = compact(table)
    assert small.labels.to_numpy().tolist() == [["a", 1.0]]
    assert small.time.tolist() == [HOUR, HOUR, 2 * HOUR]
    assert sorted(small.values.tolist()) == [3.0, 4.0, 5.0]


def test_nothing_gathered_is_nothing() -> None:
    assert Gathering().take() is None
