"""Rules and certificates in the database: applied once, versioned, read back."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callengine.core.ids import AgentId, CustomerId
from callengine.core.rulebook.reading import read_rulebook
from callengine.engine.ports import RoutingText
from callengine.store import Store
from callengine.store.configuration import Plan, apply_plan, read_plan
from callengine.store.configuration.known import read_known
from tests.support.stores import (
    NOON,
    PLAN,
    QUICK_HASHER,
    TEPLO,
    Bench,
    call_record,
    order,
    store_over,
)

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
DAY_S = 86_400.0
RULES = '[[rules]]\nname = "everybody"\nhard = "lang.{language}>=5"\n'


@dataclass
class Hands:
    """A clock that a test moves."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


def rules(text: str) -> Plan:
    """A plan of rules alone."""
    return Plan.model_validate({"rules": {"text": text}})


async def test_no_rules_were_applied_yet(bench: Bench) -> None:
    assert await bench.directory.routing() == RoutingText()


async def test_rules_are_applied_once_and_grow_both_versions(store: Store) -> None:
    before = await store.directory.roster_version()
    first = await apply_plan(store.db, rules(RULES), NOON)
    again = await apply_plan(store.db, rules(f"\n\n# words\n{RULES}"), NOON + 60)
    changed = await apply_plan(store.db, rules(RULES.replace("5", "6")), NOON + 90)

    assert first.created == ["routing rules"]
    assert (again.created, again.changed, again.unchanged) == ([], [], 1)
    assert changed.changed == ["routing rules"]
    assert await store.directory.roster_version() == before + 2
    text = await store.directory.routing()
    assert (text.version, ">=6" in text.text) == (2, True)


async def test_a_file_without_rules_leaves_them_and_an_empty_list_takes_them_away(
    store: Store,
) -> None:
    await apply_plan(store.db, rules(RULES), NOON)
    await apply_plan(store.db, PLAN, NOON, hasher=QUICK_HASHER)
    assert (await store.directory.routing()).version == 1

    await apply_plan(store.db, rules("rules = []\n"), NOON)
    text = await store.directory.routing()
    assert (text.version, read_rulebook(text.text).rules) == (2, ())


@pytest.mark.parametrize("name", ["centre.toml", "rules.toml"])
async def test_the_examples_of_the_documentation_are_applied(
    store: Store, name: str
) -> None:
    plan = read_plan(EXAMPLES / name, environ={})
    first = await apply_plan(store.db, plan, NOON, hasher=QUICK_HASHER)
    again = await apply_plan(store.db, plan, NOON, hasher=QUICK_HASHER)

    assert "routing rules" in first.created
    assert not again.anything
    text = await store.directory.routing()
    assert plan.rules is not None
    assert read_rulebook(text.text) == plan.rules.book


# --- certificates ----------------------------------------------------------------


def dated(**dates: float) -> Plan:
    """One agent whose two languages and whose certificate have dates."""
    days = {key: datetime.fromtimestamp(at, UTC) for key, at in dates.items()}
    agent = {
        "login": "a01",
        "name": "Анна",
        "shops": {"teplo": {"level": 8, **days}},
        "skills": {
            "lang.ru": {"level": 9, **days},
            "lang.en": {"level": 6, **days},
            "product.phones": 7,
        },
    }
    shops = [shop.model_dump() for shop in PLAN.shops]
    return Plan.model_validate({"shops": shops, "agents": [agent]})


async def test_an_expired_skill_is_not_held_and_the_roster_says_when(
    store: Store,
) -> None:
    clock = Hands()
    dated_store = store_over(store.db, clock)
    await apply_plan(
        store.db,
        dated(certified_at=NOON - DAY_S, expires_at=NOON + DAY_S),
        NOON,
        hasher=QUICK_HASHER,
    )
    before = await dated_store.directory.roster()
    assert before.changes_at == NOON + DAY_S
    assert before.agents[0].skills == {
        "lang.en": 6,
        "lang.ru": 9,
        "product.phones": 7,
        "shop.teplo": 8,
    }

    clock.now = NOON + DAY_S
    after = await dated_store.directory.roster()
    assert after.changes_at is None
    assert after.agents[0].skills == {"product.phones": 7}
    assert after.agents[0].shops == ()
    (account,) = await dated_store.directory.phone_accounts()
    assert account.shops == ()
    assert after.version == before.version


async def test_a_certificate_of_tomorrow_is_not_held_yet(store: Store) -> None:
    plan = dated(certified_at=NOON + DAY_S)
    await apply_plan(store.db, plan, NOON, hasher=QUICK_HASHER)
    roster = await store_over(store.db, Hands()).directory.roster()
    assert roster.changes_at == NOON + DAY_S
    assert "lang.ru" not in roster.agents[0].skills


async def test_dates_are_applied_once_and_a_new_one_is_a_change(store: Store) -> None:
    plan = dated(expires_at=NOON + DAY_S)
    await apply_plan(store.db, plan, NOON, hasher=QUICK_HASHER)
    assert not (await apply_plan(store.db, plan, NOON)).anything
    later = await apply_plan(store.db, dated(expires_at=NOON + 2 * DAY_S), NOON)
    assert later.changed == ["agent a01"]


async def test_a_language_whose_speakers_certificate_expired_is_not_required(
    store: Store,
) -> None:
    clock = Hands()
    crm = store_over(store.db, clock).crm
    plan = dated(expires_at=NOON + DAY_S)
    await apply_plan(store.db, plan, NOON, hasher=QUICK_HASHER)
    roster = await store.directory.roster()
    shop = next(s for s in roster.shops if s.shop == TEPLO)
    await store.intake.take(TEPLO, order(language="en"), NOON)

    while_valid = await crm.identify(shop, "", "89161234567")
    clock.now = NOON + DAY_S
    after = await crm.identify(shop, "", "89161234567")
    assert (while_valid.facts.language, after.facts.language) == ("en", "ru")


async def test_what_is_known_names_products_and_skills(store: Store) -> None:
    nothing = await read_known(store.db, NOON)
    assert (nothing.skills, dict(nothing.agents)) == (None, {})
    plan = read_plan(EXAMPLES / "centre.toml", environ={})
    await apply_plan(store.db, plan, NOON, hasher=QUICK_HASHER)
    known = await read_known(store.db, NOON)
    assert known.skills is not None
    assert {"tech", "product.phones", "product.kitchen", "lang.uk"} <= known.skills
    assert dict(known.agents["s02"])["tech"] == 6
    assert known.shops["svitlo"].categories == ("kitchen", "phones")


# --- what rules may look at ------------------------------------------------------


async def test_the_one_look_up_brings_all_that_rules_may_look_at(bench: Bench) -> None:
    taken = await bench.ordered("T-1", region="ru-mow")
    found = await bench.crm.identify(bench.shops[TEPLO], "", "89161234567")
    customer = CustomerId(found.card.customers[0].customer)
    old, new = (
        call_record("c-old", customer=customer, agent=AgentId("a02"), order=taken),
        call_record(
            "c-new",
            customer=customer,
            agent=AgentId("a01"),
            enqueued_at=NOON + 900,
            ended_at=NOON + 960,
        ),
    )
    lost = call_record(
        "c-lost",
        customer=customer,
        agent=None,
        ended_at=NOON + 2000,
        ending="abandoned",
    )
    await bench.ledger.record([old, new, lost], [], [])

    facts = (await bench.crm.identify(bench.shops[TEPLO], "", "89161234567")).facts
    assert (facts.shop, facts.language, facts.region) == ("teplo", "ru", "ru-mow")
    assert facts.order_stage == "new"
    assert (facts.last_agent, facts.responsible) == ("a01", "a02")
    (bought,) = facts.purchases
    assert (bought.category, bought.quantity) == ("phones", 1)
    assert abs(bought.at - NOON) < 1


@pytest.mark.parametrize("number", [None, "+79990000000"])
async def test_of_an_unknown_caller_rules_know_shop_and_language(
    bench: Bench, number: str | None
) -> None:
    facts = (await bench.crm.identify(bench.shops[TEPLO], "", number)).facts
    assert (facts.shop, facts.language) == ("teplo", "ru")
    assert (facts.segment, facts.region, facts.order_stage) == ("", "", "")
    assert (facts.purchases, facts.last_agent) == ((), None)
