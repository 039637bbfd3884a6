"""What a rule file makes of a call."""

from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from callengine.core.ids import AgentId
from callengine.core.match.zero_match import find_gaps
from callengine.core.rulebook import deciding
from callengine.core.rulebook.book import CallFacts, History, Purchase, Rulebook
from callengine.core.rulebook.deciding import (
    DAY_S,
    Decider,
    Verdict,
    points_of,
    product_asked,
)
from callengine.core.rulebook.reading import read_rulebook

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp()
RULES = """
    [groups]
    kyiv = "lang.uk>=5 and region.ua-30"

    [[promos]]
    name = "Friday"
    starts = 2026-11-27T00:00:00+02:00
    ends = 2026-11-28T00:00:00+02:00
    regions = ["ua-*"]

    [history]
    half_life_days = 60
    points_per_level = 2
    from_points = 1
    least_level = 2
    most_level = 6
    [history.weights]
    phones = 3

    [defaults]
    relax = [{ after_s = 15, drop = "*" }]

    [[rules]]
    name = "everybody"
    hard = "shop.{shop} and lang.{language}>=5"
    history = true
    prefer = ["responsible", "last_agent"]

    [[rules]]
    name = "promo"
    when = { promo = "friday" }
    soft = "promo.{promo}"
    credit_s = 30

    [[rules]]
    name = "hot line"
    when = { dialled = "+38 (044) 000-*", choice = ["1", "2"], open_order = false }
    soft = ["tech>=5", "@kyiv"]
    relax = [
      { after_s = 8, lower = "tech", by = 2 },
      { after_s = 20, widen = "senior" },
    ]
    credit_s = 60
    prefer = "last_agent"
    prefer_s = 5
    stop = true

    [[rules]]
    name = "vip"
    when = { segment = "VIP" }
    soft = "tech>=8"
    credit_s = 300
"""


@pytest.fixture
def decider() -> Decider:
    """The rules above."""
    return Decider(read_rulebook(dedent(RULES)))


def steps(verdict: Verdict) -> list[tuple[float, str]]:
    """Write the ladder down."""
    return [(step.after_s, str(step.expr)) for step in verdict.ladder.steps]


def test_every_rule_that_holds_adds_its_part(decider: Decider) -> None:
    facts = CallFacts(shop="teplo", language="ru", segment="vip")
    verdict = decider.decide(facts, NOW)
    assert verdict.rules == ("everybody", "vip")
    assert steps(verdict) == [
        (0.0, "shop.teplo>=1 and lang.ru>=5 and tech>=8"),
        (15.0, "shop.teplo>=1 and lang.ru>=5"),
    ]
    assert verdict.credit_s == 300


def test_a_rule_that_stops_hides_those_below_and_brings_its_own_steps(
    decider: Decider,
) -> None:
    facts = CallFacts(
        shop="svitlo",
        dialled="+380440001234",
        choice="2",
        language="uk",
        segment="vip",
    )
    verdict = decider.decide(facts, NOW)
    assert verdict.rules == ("everybody", "hot line")
    hard = "shop.svitlo>=1 and lang.uk>=5"
    kyiv = "lang.uk>=5 and region.ua-30>=1"
    assert steps(verdict) == [
        (0.0, f"{hard} and tech>=5 and region.ua-30>=1"),
        (8.0, f"{hard} and tech>=3 and region.ua-30>=1"),
        (20.0, f"{hard} and (tech>=3 and {kyiv} or senior>=1)"),
    ]


@pytest.mark.parametrize(
    "change",
    [{"dialled": "+380500001234"}, {"choice": "3"}, {"order_stage": "new"}],
)
def test_a_rule_needs_every_one_of_its_conditions(
    decider: Decider, change: dict[str, str]
) -> None:
    known = {"dialled": "+380440001234", "choice": "1", "order_stage": ""}
    facts = CallFacts(shop="svitlo", language="uk", **{**known, **change})
    assert "hot line" not in decider.decide(facts, NOW).rules


def test_a_promo_counts_in_its_regions_and_hours_only(decider: Decider) -> None:
    facts = CallFacts(shop="svitlo", language="uk", region="UA-30")
    assert "promo" in decider.decide(facts, NOW).rules
    assert "promo" not in decider.decide(facts, NOW + DAY_S).rules
    elsewhere = CallFacts(shop="svitlo", language="uk", region="ru-mow")
    assert "promo" not in decider.decide(elsewhere, NOW).rules


def test_what_is_not_known_of_a_call_is_not_asked_for(decider: Decider) -> None:
    verdict = decider.decide(CallFacts(shop="teplo"), NOW)
    assert str(verdict.ladder.first) == "shop.teplo>=1"


@pytest.mark.parametrize("hostile", ["ru>=9 or", "ru.admin", "ру", "r" * 60, "../x"])
def test_a_value_that_is_no_part_of_a_name_is_as_good_as_none(
    decider: Decider, hostile: str
) -> None:
    verdict = decider.decide(CallFacts(shop="teplo", language=hostile), NOW)
    assert str(verdict.ladder.first) == "shop.teplo>=1"


def test_the_product_bought_most_is_asked_for_and_fades(decider: Decider) -> None:
    bought = (
        Purchase(category="phones", quantity=2, at=NOW - 60 * DAY_S),
        Purchase(category="toys", quantity=2, at=NOW),
    )
    facts = CallFacts(shop="teplo", language="ru", purchases=bought)
    now = decider.decide(facts, NOW)
    assert dict(now.points) == {"phones": pytest.approx(3.0), "toys": 2.0}
    assert "product.phones>=3" in str(now.ladder.first)
    later = decider.decide(facts, NOW + 60 * DAY_S)
    assert "product.phones>=2" in str(later.ladder.first)
    never = decider.decide(facts, NOW + 600 * DAY_S)
    assert "product" not in str(never.ladder.first)


def test_a_level_from_history_grows_with_points_up_to_the_most() -> None:
    history = History(from_points=1, points_per_level=2, least_level=2, most_level=6)
    levels = [
        str(product_asked((("toys", points),), history)) for points in (1, 3, 9, 1e9)
    ]
    assert levels == [f"product.toys>={n}" for n in (2, 3, 6, 6)]
    assert product_asked((("toys", 0.99),), history) is None
    assert product_asked((), history) is None


def test_purchases_from_the_future_or_of_minus_pieces_do_no_harm() -> None:
    bought = (
        Purchase(category="toys", quantity=-5, at=NOW),
        Purchase(category="phones", quantity=1, at=NOW + 1e9),
    )
    assert dict(points_of(bought, History(), NOW)) == {"phones": 1.0, "toys": 0.0}


def test_people_whom_the_customer_knows_are_preferred_in_order(
    decider: Decider,
) -> None:
    facts = CallFacts(
        shop="teplo",
        language="ru",
        responsible=AgentId("anna"),
        last_agent=AgentId("boris"),
    )
    preferred = decider.decide(facts, NOW).preferred
    assert [(p.agent, p.until_s, p.why) for p in preferred] == [
        ("anna", 10.0, "responsible"),
        ("boris", 10.0, "last_agent"),
    ]


def test_equal_needs_give_the_very_same_ladder(decider: Decider) -> None:
    facts = CallFacts(shop="teplo", language="ru")
    assert decider.decide(facts, NOW).ladder is decider.decide(facts, NOW + 1).ladder


def test_no_rules_ask_for_nobody_special() -> None:
    verdict = Decider(Rulebook()).decide(CallFacts(), NOW)
    assert str(verdict.ladder.first) == "anybody"
    assert (verdict.rules, verdict.credit_s, verdict.preferred) == ((), 0.0, ())


def test_an_empty_file_is_an_empty_rulebook() -> None:
    assert read_rulebook("").rules == ()
    assert read_rulebook("# nothing\r\n").rules == ()


def test_a_name_that_is_too_long_when_filled_in_is_not_asked_for() -> None:
    book = read_rulebook('[[rules]]\nname = "a"\nhard = "x.{shop}.{shop} or tech"')
    verdict = Decider(book).decide(CallFacts(shop="-"), NOW)
    assert str(verdict.ladder.first) == "x.-.->=1 or tech>=1"


def test_an_expression_with_too_many_cases_has_the_benefit_of_the_doubt() -> None:
    terms = " and ".join(f"s{n}>={n % 8 + 2}" for n in range(12))
    book = read_rulebook(f'[[rules]]\nname = "a"\nhard = "{terms}"')
    assert len(book.rules) == 1


def test_very_many_needs_do_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch, decider: Decider
) -> None:
    monkeypatch.setattr(deciding, "_LADDERS_KEPT", 3)
    for number in range(20):
        facts = CallFacts(shop=f"shop-{number}", language="ru")
        verdict = decider.decide(facts, NOW)
        assert f"shop.shop-{number}>=1" in str(verdict.ladder.first)
    assert len(decider._ladders) <= 3


def test_the_example_of_the_documentation_is_right_and_in_it() -> None:
    docs = Path(__file__).parents[2] / "docs"
    example = (docs / "examples" / "rules.toml").read_text()
    _, _, body = example.partition("\n\n")
    assert body in (docs / "routing.md").read_text()
    book = read_rulebook(example)
    assert [rule.name for rule in book.rules] == ["everybody", "technical line"]
    assert book.history.half_life_days == 60


def test_rules_that_a_roster_cannot_serve_are_found(decider: Decider) -> None:
    facts = CallFacts(shop="teplo", language="ru", segment="vip")
    roster = {
        "anna": (("lang.ru", 9), ("shop.teplo", 10), ("tech", 7)),
        "boris": (("lang.uk", 9), ("tech", 9)),
    }
    ladder = decider.decide(facts, NOW).ladder
    [gap] = find_gaps([("vip", ladder)], roster)
    assert gap.served_after_s == 15.0
    assert gap.text == (
        "vip: nobody meets shop.teplo>=1 and lang.ru>=5 and tech>=8: such calls relax"
        " at once to the step of 15 s; nearest is anna, who lacks tech>=8 (has 7)"
    )
    [never] = find_gaps([("vip", ladder)], {"boris": roster["boris"]})
    assert never.served_after_s is None
    assert "nobody can ever take such a call" in never.text
    [empty] = find_gaps([("vip", ladder)], {})
    assert empty.text.endswith("nobody is on the roster")
    served = {"anna": (("lang.ru", 9), ("shop.teplo", 10), ("tech", 8))}
    assert find_gaps([("vip", ladder)], served) == []
