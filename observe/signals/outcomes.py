"""What a response means: one place that reads codes, flags and gRPC statuses.

Sources: Envoy's response flags (stream_info/utility.h), Istio's standard metrics, gRPC status
codes. See docs/method.md, "Outcomes".
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import pandas as pd

from observe.telemetry.frames import OUTCOME_COLUMNS


class Outcome(StrEnum):
    """What became of a request, as the reporting proxy saw it."""

    SUCCESS = "success"
    CLIENT_ERROR = "client_error"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    CLIENT_GONE = "client_gone"
    STREAM = "stream"
    INJECTED = "injected"
    UNKNOWN = "unknown"


#: Outcomes that are the service's fault; what an error ratio counts.
FAILURES = (Outcome.SERVER_ERROR, Outcome.TIMEOUT)
#: Outcomes that a timeout ended before the answer did: the duration is only a lower bound.
#: A client that hangs up is none of these: its patience stays whatever the timeout is, and a
#: timeout that ends a call nobody waits for does no harm.
CENSORED = (Outcome.TIMEOUT,)

INJECTED_FLAGS = {"DI", "FI"}
TIMEOUT_FLAGS = {"UT", "UMSDR"}
FAILURE_FLAGS = {
    *("UH", "UF", "UO", "URX", "UC", "UR", "LR", "NR", "NC", "UPE", "SI", "DT"),
    *("LH", "OM", "DF", "DO", "NFCF"),
}
_GRPC_CLIENT_ERRORS = {"3", "5", "6", "7", "9", "10", "11", "16"}
_GRPC_NAMES = {
    "OK": "0",
    "CANCELLED": "1",
    "CANCELED": "1",
    "UNKNOWN": "2",
    "INVALIDARGUMENT": "3",
    "DEADLINEEXCEEDED": "4",
    "NOTFOUND": "5",
    "ALREADYEXISTS": "6",
    "PERMISSIONDENIED": "7",
    "RESOURCEEXHAUSTED": "8",
    "FAILEDPRECONDITION": "9",
    "ABORTED": "10",
    "OUTOFRANGE": "11",
    "UNIMPLEMENTED": "12",
    "INTERNAL": "13",
    "UNAVAILABLE": "14",
    "DATALOSS": "15",
    "UNAUTHENTICATED": "16",
}


def classify(code: str, flags: str, grpc_status: str) -> Outcome:
    """What one combination of labels means.

    Args:
        code: `response_code`, such as "200"; "0" when there was no response.
        flags: `response_flags`, comma-joined, "-" for none.
        grpc_status: `grpc_response_status`, a number or a name; "" for plain HTTP.

    Returns:
        The outcome. Flags decide first (the proxy knows what it did), then the gRPC status
        (an RPC may fail inside HTTP 200), then the HTTP code.
    """
    raised = {flag.strip() for flag in flags.split(",")} - {"", "-"}
    if raised & INJECTED_FLAGS:
        return Outcome.INJECTED
    if raised & TIMEOUT_FLAGS:
        return Outcome.TIMEOUT
    if raised & FAILURE_FLAGS:
        return Outcome.SERVER_ERROR
    if "DC" in raised or code == "499":
        return Outcome.CLIENT_GONE
    if grpc_status:
        return _classify_grpc(grpc_status)
    return _classify_http(code)


def _classify_grpc(status: str) -> Outcome:
    number = _GRPC_NAMES.get(status.upper().replace("_", "").replace(" ", ""), status)
    if number == "0":
        return Outcome.SUCCESS
    if number == "1":
        return Outcome.CLIENT_GONE
    if number == "4":
        return Outcome.TIMEOUT
    return Outcome.CLIENT_ERROR if number in _GRPC_CLIENT_ERRORS else Outcome.SERVER_ERROR


def _classify_http(code: str) -> Outcome:
    if code == "101":
        return Outcome.STREAM
    if code in ("", "0"):
        return Outcome.CLIENT_GONE
    by_class = {
        "1": Outcome.SUCCESS,
        "2": Outcome.SUCCESS,
        "3": Outcome.SUCCESS,
        "4": Outcome.CLIENT_ERROR,
        "5": Outcome.SERVER_ERROR,
    }
    known = len(code) == 3 and code.isdigit()
    return by_class.get(code[0], Outcome.UNKNOWN) if known else Outcome.UNKNOWN


def outcome_of(frame: pd.DataFrame) -> pd.Series[str]:
    """The outcome of each row of a frame that has the columns code, flags and grpc_status.

    Returns:
        Categorical series with the values of :class:`Outcome`, on the frame's index.
    """
    kinds = [pd.factorize(frame[column]) for column in OUTCOME_COLUMNS]
    number = np.zeros(len(frame), dtype=np.int64)
    for codes, values in kinds:
        number = number * (len(values) + 1) + codes + 1  # a label that is missing has code -1
    # Frames have millions of rows but few combinations of labels: each is read once.
    first, which = np.unique(number, return_index=True, return_inverse=True)[1:]
    meaning = [
        classify(*(str(values[codes[row]]) if codes[row] >= 0 else "" for codes, values in kinds))
        for row in first
    ]
    names = [o.value for o in Outcome]
    places = np.array([names.index(m.value) for m in meaning], dtype=np.int64)
    outcome = pd.Categorical.from_codes(places[which], categories=pd.Index(names))
    return pd.Series(outcome, index=frame.index)
