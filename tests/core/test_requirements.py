"""What a call needs follows from shop, language, purchases and region."""

from hypothesis import given
from hypothesis import strategies as st

from callengine.core.cards import ItemCard, OrderCard
from callengine.core.ids import OrderId
from callengine.core.requirements import (
    Levels,
    bought_by_category,
    most_bought,
    requirement_of_call,
)

COUNTS = st.dictionaries(
    st.sampled_from(("phones", "kitchen", "toys", "")), st.integers(0, 9)
)


def order(stage: str, *lines: tuple[str, int]) -> OrderCard:
    """An order of lines (category, quantity)."""
    return OrderCard(
        order=OrderId("o"),
        number="1",
        stage=stage,
        placed_at="",
        total_minor=0,
        currency="RUB",
        items=tuple(
            ItemCard(sku="s", name="n", category=c, quantity=q, price_minor=1)
            for c, q in lines
        ),
    )


def test_language_and_certificate_are_never_relaxed() -> None:
    needed = requirement_of_call(
        "teplo", "RU", bought={"phones": 2}, region="RU-MOW", segment="regular"
    )

    assert needed.hard == (("lang.ru", 5), ("shop.teplo", 1))
    assert needed.soft == (("product.phones", 3), ("region.ru-mow", 1))
    assert needed.relaxed().soft == (("product.phones", 3),)


def test_an_unknown_caller_needs_only_language_and_certificate() -> None:
    assert requirement_of_call("teplo", "uk").soft == ()


def test_an_important_customer_gets_a_better_expert() -> None:
    needed = requirement_of_call("teplo", "ru", bought={"phones": 1}, segment="VIP")

    assert needed.soft == (("product.phones", 6),)


def test_levels_are_data() -> None:
    needed = requirement_of_call(
        "s", "ru", bought={"toys": 1}, levels=Levels(language=2, product=9)
    )

    assert (needed.hard[0], needed.soft[0]) == (("lang.ru", 2), ("product.toys", 9))


def test_pieces_are_counted_and_cancelled_orders_are_no_purchase() -> None:
    orders = (
        order("received", ("phones", 1), ("kitchen", 2)),
        order("new", ("phones", 3)),
        order("cancelled", ("toys", 50)),
    )

    assert bought_by_category(orders) == {"phones": 4, "kitchen": 2}


@given(COUNTS)
def test_the_category_bought_most_has_no_better(bought: dict[str, int]) -> None:
    best = most_bought(bought)
    named = {name: n for name, n in bought.items() if name and n > 0}

    assert (best == "") == (not named)
    assert all(n <= bought[best] for n in named.values())


@given(COUNTS)
def test_equals_are_told_apart_the_same_way_every_time(bought: dict[str, int]) -> None:
    backwards = dict(reversed(bought.items()))

    assert most_bought(bought) == most_bought(backwards)
