import pytest
from reports import advice, recommendation, target, withheld
from reports_kinds import outlier, pool, retry

from observe.errors import InputError
from observe.report.explain_find import find_items

NO_POOL = withheld("ledger", kind="connectionPool", reason="POOL_HARDLY_USED")
MADE = advice(
    outlier(),
    recommendation(),
    pool(),
    retry(),
    recommendation("search"),
    withheld=(withheld(), NO_POOL),
)


@pytest.mark.parametrize(
    "query", ["cart", "shop/cart", "east/shop/cart", "cart.shop.svc.cluster.local", " /cart/ "]
)
def test_a_target_is_found_by_any_of_its_names_with_every_kind_in_order(query):
    kinds = [item.kind for item in find_items(MADE, query)]
    assert kinds == ["timeout", "retry", "connectionPool", "outlierDetection"]


def test_an_id_means_its_kind_alone():
    (item,) = find_items(MADE, "retry/east/shop/cart")
    assert item is MADE.recommendations[3]


def test_a_kind_is_picked_out():
    (item,) = find_items(MADE, "ledger", "connectionPool")
    assert item is NO_POOL


def test_a_kind_that_is_not_told_names_those_that_are():
    with pytest.raises(
        InputError,
        match=r"nothing is said about the retries of east/shop/ledger.*timeout, connectionPool",
    ):
        find_items(MADE, "ledger", "retry")


def test_an_id_of_another_kind_than_the_one_asked_for_is_no_answer():
    with pytest.raises(InputError, match="nothing is said about the connection pool of east"):
        find_items(MADE, "retry/east/shop/cart", "connectionPool")


def test_a_name_that_several_targets_share_is_asked_about():
    west = recommendation(target=target(cluster="west"))
    with pytest.raises(InputError, match="say which: east/shop/cart, west/shop/cart"):
        find_items(advice(recommendation(), retry(), west), "cart")


def test_more_targets_than_fit_a_line_are_counted():
    many = [recommendation(target=target(cluster=f"c{i}")) for i in range(7)]
    with pytest.raises(InputError, match="c4/shop/cart and 2 more"):
        find_items(advice(*many), "cart")


def test_a_misspelt_name_is_guessed():
    with pytest.raises(InputError, match=r"no target is called 'crat'\. did you mean cart"):
        find_items(MADE, "crat")
    with pytest.raises(InputError, match="see the report"):
        find_items(advice(), "")
