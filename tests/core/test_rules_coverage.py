"""Rules held against a roster before anybody calls."""

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core.ids import AgentId
from callengine.core.rulebook.book import CallFacts, Purchase
from callengine.core.rulebook.coverage import (
    MOST_DOUBTS,
    ShopView,
    doubts_of,
    skills_asked,
)
from callengine.core.rulebook.deciding import Decider
from callengine.core.rulebook.reading import read_rulebook
from callengine.core.ruling import ruling_of

NOW = 1_795_262_400.0
SHOP = ShopView(
    shop="teplo", language="ru", numbers=("+74950000101",), categories=("phones",)
)
ALL = '[[rules]]\nname = "all"\nhard = "shop.{shop} and lang.{language}>=5"\n'
ANNA = {"anna": (("lang.ru", 8), ("shop.teplo", 5))}


def doubts(text: str, roster: object = None, *shops: ShopView) -> list[str]:
    """What is doubtful about rules."""
    book = read_rulebook(text)
    held = ANNA if roster is None else roster
    found = doubts_of(book, shops or (SHOP,), held, NOW)  # type: ignore[arg-type]
    return [doubt.text for doubt in found]


def test_no_rules_leave_no_doubts() -> None:
    assert doubts("", {}) == []
    assert doubts("[routing.policy]\nbands = [9]\n", {}) == []


def test_an_empty_roster_is_said_once() -> None:
    assert doubts(ALL * 1, {}) == ["nobody is on the roster: no rule finds an agent"]


def test_rules_that_everybody_meets_leave_no_doubts() -> None:
    assert doubts(ALL) == []


def test_without_shops_nobody_can_call() -> None:
    assert doubts_of(read_rulebook(ALL), (), ANNA, NOW) == []


def test_a_rule_for_another_shop_is_not_held_against_this_one() -> None:
    text = ALL + '[[rules]]\nname = "x"\nwhen = { shop = "zima" }\nhard = "tech>=9"\n'
    assert doubts(text) == []


def test_a_rule_below_one_that_stops_is_not_asked() -> None:
    stop = ALL + "stop = true\n"
    assert doubts(stop + '[[rules]]\nname = "x"\nhard = "tech>=9"\n') == []


def test_a_promotion_of_next_month_is_held_against_the_roster_now() -> None:
    text = (
        "[[promos]]\nname = 'sale'\nstarts = 2027-01-01T00:00:00+03:00\n"
        "ends = 2027-01-02T00:00:00+03:00\n"
        + ALL
        + '[[rules]]\nname = "x"\nwhen = { promo = "sale" }\nsoft = "promo.{promo}"\n'
    )
    (said,) = doubts(text)
    assert "promo.sale>=1" in said


def test_an_open_order_is_made_up_for_a_rule_about_one() -> None:
    text = ALL + '[[rules]]\nname = "x"\nwhen = { open_order = true }\nhard = "tech"\n'
    (said,) = doubts(text)
    assert said.startswith('rule "x", shop teplo: nobody meets')


def test_skills_that_rules_ask_for_are_named() -> None:
    text = ALL + "history = true\n" + '[[rules]]\nname = "x"\nsoft = "tech>=3"\n'
    assert skills_asked(read_rulebook(text)) == {
        "shop.*",
        "lang.*",
        "product.*",
        "tech",
    }


def test_a_huge_file_is_held_against_the_roster_in_seconds() -> None:
    rule = '[[rules]]\nname = "r%d"\nwhen = { choice = "%d" }\nsoft = "s%d>=3"\n'
    text = ALL + "".join(rule % (n, n, n) for n in range(1_000))
    shops = tuple(ShopView(shop=f"s{n}", language="ru") for n in range(1_000))
    begun = perf_counter()
    found = doubts(text, {"anna": (("lang.ru", 8),)}, *shops)
    assert len(found) <= MOST_DOUBTS + 1
    assert any("too many" in said for said in found)
    assert perf_counter() - begun < 60


# --- whatever a call is like ---------------------------------------------------------

BOOK = read_rulebook(
    ALL
    + """
history = true
prefer = ["responsible", "last_agent"]
[[rules]]
name = "odd"
when = { region = "*", choice = ["1", "*2*"] }
soft = ["region.{region}>=2", "promo.{promo} or tech.{choice}", "{segment}.x"]
credit_s = 90
"""
)
texts = st.text(max_size=60)
purchases = st.builds(
    Purchase,
    category=texts,
    quantity=st.integers(-(10**6), 10**6),
    at=st.floats(-1e12, 1e12),
)


@given(
    st.builds(
        CallFacts,
        shop=texts,
        dialled=texts,
        choice=texts,
        language=texts,
        segment=texts,
        region=texts,
        order_stage=texts,
        purchases=st.lists(purchases, max_size=5).map(tuple),
        responsible=st.one_of(st.none(), texts.map(AgentId)),
        last_agent=st.one_of(st.none(), texts.map(AgentId)),
    )
)
def test_whatever_is_known_of_a_call_the_rules_say_something(facts: CallFacts) -> None:
    ruling = ruling_of(Decider(BOOK).decide(facts, NOW))
    assert "all" in ruling.rules
    assert ruling.ladder.first == Decider(BOOK).decide(facts, NOW).ladder.first
    assert all(0 <= preferred.until_s <= 600 for preferred in ruling.preferred)


@pytest.mark.parametrize("at", [-1e12, 0.0, 1e12])
def test_purchases_of_any_day_are_weighed(at: float) -> None:
    bought = (Purchase(category="phones", quantity=10**6, at=at),)
    facts = CallFacts(shop="teplo", language="ru", purchases=bought)
    assert Decider(BOOK).decide(facts, NOW).credit_s == 0.0


def test_a_pattern_of_regions_means_those_that_the_shops_agents_know() -> None:
    text = (
        ALL + '[[rules]]\nname = "region"\nwhen = { region = "ru-*" }\n'
        'hard = "region.{region}>=3"\n'
    )
    moscow = {
        "anna": (("lang.ru", 8), ("region.ru-mow", 5), ("shop.teplo", 5)),
        "boris": (("lang.ru", 8), ("region.ru-spe", 5), ("shop.zima", 5)),
    }
    assert doubts(text, moscow) == []
    (doubt,) = doubts(text.replace(">=3", ">=9"), moscow)
    assert "region.ru-mow>=9" in doubt
