"""Which answers outlier detection counts."""

import pandas as pd
import pytest

from observe.signals.ejections import Counted, counted, counted_in


@pytest.mark.parametrize(
    ("code", "flags", "grpc", "meaning"),
    [
        ("200", "-", "", Counted.NOT),
        ("404", "-", "", Counted.NOT),
        ("429", "-", "", Counted.NOT),
        ("500", "-", "", Counted.ERROR_5XX),
        ("501", "-", "", Counted.ERROR_5XX),
        ("503", "-", "", Counted.GATEWAY),
        ("503", "UF", "", Counted.GATEWAY),
        ("503", "URX,UF", "", Counted.GATEWAY),
        ("504", "UT", "", Counted.GATEWAY),
        ("503", "UO", "", Counted.NOT),
        ("503", "UH", "", Counted.NOT),
        ("503", "NR", "", Counted.NOT),
        ("503", "FI", "", Counted.NOT),
        ("0", "DC", "", Counted.NOT),
        ("200", "-", "0", Counted.NOT),
        ("200", "-", "2", Counted.ERROR_5XX),
        ("200", "-", "13", Counted.ERROR_5XX),
        ("200", "-", "14", Counted.GATEWAY),
        ("200", "-", "4", Counted.GATEWAY),
        ("200", "-", "5", Counted.NOT),
        ("200", "-", "8", Counted.NOT),
        ("200", "UT", "14", Counted.GATEWAY),
    ],
)
def test_an_answer_counts_as_envoy_counts_it(code, flags, grpc, meaning):
    assert counted(code, flags, grpc) is meaning


def test_a_frame_without_flags_is_read_row_by_row():
    frame = pd.DataFrame(
        {"code": ["200", "503", "200", "500"], "grpc_status": ["", "", "14", None]}
    )
    assert counted_in(frame).tolist() == [0, 2, 2, 1]


def test_an_empty_frame_has_no_answers():
    frame = pd.DataFrame({"code": [], "flags": [], "grpc_status": []})
    assert counted_in(frame).tolist() == []
