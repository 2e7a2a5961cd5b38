import pytest
from reports import recommendation
from reports_kinds import outlier, pool, retry

from observe.recommend.model import WorstPath
from observe.report.filters import (
    client_heads,
    clients_of,
    fields_of,
    first_sentence,
    near_text,
    path_text,
)


def pairs(facts):
    return [(fact.name, fact.value) for fact in facts]


def test_settings_are_told_as_they_are_written():
    assert pairs(fields_of(retry().proposed)) == [
        ("attempts", "1"),
        ("perTryTimeout", "not set"),
        ("retryOn", "connect-failure,refused-stream,unavailable"),
        ("backoff", "25ms"),
        ("retryBudget.percent", "20.0"),
        ("retryBudget.minRetryConcurrency", "3"),
    ]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("A pool refused 5 requests (3.0%). Raise it.", "A pool refused 5 requests (3.0%)."),
        ("The p99.9 is 3.5 s here", "The p99.9 is 3.5 s here"),
        ("Half. 3 of 4 failed.", "Half."),
        ("", ""),
    ],
)
def test_a_first_sentence_ends_at_its_full_stop(text, first):
    assert first_sentence(text) == first


def test_clients_of_a_pool_come_with_their_proxies():
    assert clients_of(pool()) == [
        ("web", "shop", ("2", "35 /s", "168")),
        ("batch", "shop", ("–", "2 /s", "5")),
    ]
    assert client_heads(pool()) == ("Proxies", "Busiest proxy", "Under way there")
    assert clients_of(outlier()) == clients_of(retry()) == []


def test_a_place_is_brief():
    assert near_text(recommendation()) == "shop, east"


@pytest.mark.parametrize(
    ("product", "verdict"), [(4.0, "is within the 4"), (6.0, "is more than the 4")]
)
def test_the_worst_path_is_held_against_the_bound(product, verdict):
    path = WorstPath(targets=("e/s/a", "e/s/b"), tries=(2.0, 3.0), product=product, most=4.0)
    text = path_text(path)
    assert f"can become {product:g} tries of the last service along e/s/a (2) → e/s/b (3)" in text
    assert verdict in text
    assert "default" not in text
    assert "budgets" not in text
    held = path_text(path.model_copy(update={"without_budgets": 81.0}))
    assert held.endswith(" Without the budgets it would be 81.")
