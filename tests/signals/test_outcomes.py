import pandas as pd
import pytest

from observe.signals.outcomes import Outcome, classify, outcome_of


@pytest.mark.parametrize(
    ("code", "flags", "grpc", "outcome"),
    [
        ("200", "-", "", Outcome.SUCCESS),
        ("304", "-", "", Outcome.SUCCESS),
        ("404", "-", "", Outcome.CLIENT_ERROR),
        ("429", "-", "", Outcome.CLIENT_ERROR),
        ("503", "-", "", Outcome.SERVER_ERROR),
        ("503", "UO", "", Outcome.SERVER_ERROR),
        ("503", "UF,URX", "", Outcome.SERVER_ERROR),
        ("504", "UT", "", Outcome.TIMEOUT),
        ("504", "-", "", Outcome.SERVER_ERROR),
        ("0", "DC", "", Outcome.CLIENT_GONE),
        ("200", "DC", "", Outcome.CLIENT_GONE),
        ("499", "-", "", Outcome.CLIENT_GONE),
        ("0", "-", "", Outcome.CLIENT_GONE),
        ("0", "UF", "", Outcome.SERVER_ERROR),
        ("503", "FI", "", Outcome.INJECTED),
        ("200", "DI", "", Outcome.INJECTED),
        ("101", "-", "", Outcome.STREAM),
        ("200", "-", "0", Outcome.SUCCESS),
        ("200", "-", "14", Outcome.SERVER_ERROR),
        ("200", "-", "5", Outcome.CLIENT_ERROR),
        ("200", "-", "4", Outcome.TIMEOUT),
        ("200", "-", "1", Outcome.CLIENT_GONE),
        ("200", "-", "Deadline_Exceeded", Outcome.TIMEOUT),
        ("200", "-", "unavailable", Outcome.SERVER_ERROR),
        ("banana", "-", "", Outcome.UNKNOWN),
        ("2000", "-", "", Outcome.UNKNOWN),
    ],
)
def test_flags_decide_first_then_the_grpc_status_then_the_code(code, flags, grpc, outcome):
    assert classify(code, flags, grpc) is outcome


def test_every_row_of_a_frame_gets_its_own_outcome():
    frame = pd.DataFrame(
        {
            "code": ["200", "503", "200", "504"],
            "flags": ["-", "-", "-", "UT"],
            "grpc_status": ["", "", "14", ""],
        },
        index=[7, 3, 5, 1],
    )
    found = outcome_of(frame)
    assert list(found.index) == [7, 3, 5, 1]
    assert list(found) == ["success", "server_error", "server_error", "timeout"]


def test_a_label_that_is_missing_is_an_empty_one():
    frame = pd.DataFrame(
        {"code": ["200", "504", None], "flags": ["-", "UT", None], "grpc_status": [None, "14", "0"]}
    ).astype("category")
    assert outcome_of(frame).tolist() == ["success", "timeout", "success"]
