"""Which answers Envoy's outlier detection counts as errors of a host.

Sources: Envoy's DetectorHostMonitorImpl::putHttpResponseCode and router (the gRPC status of the
response headers is turned into an HTTP code, the one of trailers is not seen); connect failures
and timeouts of the client's proxy count as 503 and 504 unless split_external_local_origin_errors
is set. What a proxy answers on its own, without a host, counts for none.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: HTTP codes of gRPC statuses that become 5xx (Envoy's grpcToHttpStatus); others are below 500.
GRPC_CODES = {2: 500, 4: 504, 12: 501, 13: 500, 14: 503, 15: 500}
GATEWAY_CODES = (502, 503, 504)

#: The client's proxy answered without asking a host, or a fault was injected on purpose.
_NO_HOST = frozenset(
    ("UH", "UO", "NR", "NC", "DI", "FI", "RL", "RLSE", "UAEX", "DO", "DF", "OM", "NFCF", "IH")
)
#: The client hung up: no result is reported for the host.
_CLIENT_GONE = frozenset(("DC", "DPE"))
#: With URX: the last try failed before the server's proxy could count it.
_BEFORE_THE_SERVER = frozenset(("UF", "UC", "UR", "LR"))


class Counted(IntEnum):
    """How outlier detection counts an answer."""

    NOT = 0
    ERROR_5XX = 1
    GATEWAY = 2


def counted(code: str, flags: str, grpc_status: str) -> Counted:
    """What an answer is for outlier detection.

    Args:
        code: `response_code`.
        flags: `response_flags`, comma-joined, "-" for none.
        grpc_status: `grpc_response_status` as a number; "" for plain HTTP.

    Returns:
        GATEWAY for 502, 503, 504, which count as 5xx as well.
    """
    raised = {flag.strip() for flag in flags.split(",")}
    if raised & (_NO_HOST | _CLIENT_GONE):
        return Counted.NOT
    if raised & {"UT", "UMSDR"}:
        return Counted.GATEWAY
    number = int(code) if code.isdigit() else 0
    if grpc_status.isdigit() and number == 200:
        number = GRPC_CODES.get(int(grpc_status), 200)
    if number in GATEWAY_CODES:
        return Counted.GATEWAY
    return Counted.ERROR_5XX if 500 <= number <= 599 else Counted.NOT


def gave_up(flags: str) -> bool:
    """Whether a proxy tried again, and the last try failed unseen by the server's proxy.

    Args:
        flags: `response_flags`, comma-joined, "-" for none.
    """
    raised = {flag.strip() for flag in flags.split(",")}
    return "URX" in raised and bool(raised & _BEFORE_THE_SERVER)


def counted_in(frame: pd.DataFrame) -> NDArray[np.int8]:
    """:func:`counted` of each row of a frame that has code and grpc_status, and may have flags."""
    columns = [c for c in ("code", "flags", "grpc_status") if c in frame]
    number = np.zeros(len(frame), dtype=np.int64)
    labels = []
    for column in columns:
        codes, values = pd.factorize(frame[column])
        number = number * (len(values) + 1) + codes + 1
        labels.append((codes, values))
    first, which = np.unique(number, return_index=True, return_inverse=True)[1:]
    kinds = []
    for row in first:
        texts = [str(values[codes[row]]) if codes[row] >= 0 else "" for codes, values in labels]
        named = dict(zip(columns, texts, strict=True))
        kinds.append(counted(named["code"], named.get("flags", "-"), named["grpc_status"]))
    return np.array(kinds, dtype=np.int8)[which] if kinds else np.zeros(0, dtype=np.int8)
