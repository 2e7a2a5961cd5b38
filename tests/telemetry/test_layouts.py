from __future__ import annotations

import numpy as np
import pandas as pd

from observe.telemetry.layouts import layout_warnings


def _labels(**bounds: list[float]) -> pd.DataFrame:
    rows = [
        {"destination_service": service, "gt": gt, "le": le}
        for service, les in bounds.items()
        for gt, le in zip([0.0, *les], [*les, np.inf], strict=False)
    ]
    return pd.DataFrame(rows)


def test_equal_buckets_need_no_word_even_where_some_of_them_are_empty() -> None:
    labels = _labels(pay=[1, 5, 10], cart=[1, 5, 10], web=[1, 5, 10])
    assert layout_warnings(labels.drop(index=[1, 4, 7])) == []
    assert layout_warnings(labels.iloc[:0]) == []


def test_a_service_with_wider_buckets_is_named() -> None:
    (line,) = layout_warnings(_labels(pay=[1, 5, 10], cart=[1, 10], web=[1, 5, 10]))
    assert "look at cart. Only" in line


def test_a_service_with_finer_buckets_is_named() -> None:
    (line,) = layout_warnings(_labels(pay=[1, 10], cart=[1, 3, 5, 10], web=[1, 10]))
    assert "look at cart. Only" in line


def test_of_many_odd_services_some_are_named_and_the_others_counted() -> None:
    odd = {f"odd{i}": [2.0, 10.0] for i in range(5)}
    usual = {f"s{i}": [1.0, 10.0] for i in range(9)}
    (line,) = layout_warnings(_labels(**odd, **usual))
    assert "look at odd0, odd1, odd2 and 2 more." in line
