"""Every store finds callers by any spelling, guesses nobody, says what is needed."""

import pytest

from callengine.core.facts import Disposition
from callengine.core.ids import AgentId, CallId, CustomerId
from callengine.core.phones import AutoAnswer
from tests.support.stores import (
    NOON,
    SVITLO,
    TEPLO,
    Bench,
    call_record,
    item,
    order,
    said,
)


@pytest.mark.parametrize(
    "spelling",
    ["+79161234567", "79161234567", "89161234567", "8 (916) 123-45-67", "9161234567"],
)
async def test_a_caller_is_found_by_any_usual_spelling(
    bench: Bench, spelling: str
) -> None:
    await bench.ordered("T-1", region="ru-mow")
    found = await bench.crm.identify(bench.shops[TEPLO], "+74950000101", spelling)

    card = found.card
    assert (card.identification, card.number) == ("found", "+79161234567")
    assert [c.name for c in card.customers] == ["Ирина"]
    assert [o.number for o in card.orders] == ["T-1"]
    assert card.greeting == "sound:callengine/greeting-ru"
    assert found.requirement.hard == (("lang.ru", 5), ("shop.teplo", 1))
    assert found.requirement.soft == (("product.phones", 3), ("region.ru-mow", 1))


@pytest.mark.parametrize("spelling", ["0671234567", "80671234567", "380671234567"])
async def test_a_ukrainian_caller_is_found_by_any_usual_spelling(
    bench: Bench, spelling: str
) -> None:
    await bench.intake.take(SVITLO, order(phone="+380 67 123 45 67"), NOON)
    found = await bench.crm.identify(bench.shops[SVITLO], "", spelling)

    assert found.card.identification == "found"
    assert found.requirement.hard == (("lang.uk", 5), ("shop.svitlo", 1))


async def test_a_customer_of_another_shop_is_unknown(bench: Bench) -> None:
    await bench.ordered("T-1")
    found = await bench.crm.identify(bench.shops[SVITLO], "", "+79161234567")

    assert found.card.identification == "unknown"
    assert found.card.customers == ()


@pytest.mark.parametrize("number", [None, "", "anonymous", "Anonymous", "restricted"])
async def test_a_withheld_number_is_a_normal_answer(
    bench: Bench, number: str | None
) -> None:
    found = await bench.crm.identify(bench.shops[TEPLO], "+74950000101", number)

    assert (found.card.identification, found.card.number) == ("withheld", None)
    assert found.requirement.soft == ()


@pytest.mark.parametrize("number", ["112", "1001", "x" * 500, "+7", "'; DROP TABLE"])
async def test_short_and_odd_numbers_are_unknown_callers(
    bench: Bench, number: str
) -> None:
    found = await bench.crm.identify(bench.shops[TEPLO], "", number)

    assert found.card.identification == "unknown"
    assert found.card.number == number[:64]


async def test_several_customers_of_one_number_are_all_offered_and_none_guessed(
    bench: Bench,
) -> None:
    await bench.ordered("T-1", external_id="K-1", name="Ирина", region="ru-mow")
    await bench.ordered("T-2", external_id="K-2", name="Пётр", region="ru-spe")
    found = await bench.crm.identify(bench.shops[TEPLO], "", "89161234567")

    assert found.card.identification == "several"
    assert {c.name for c in found.card.customers} == {"Ирина", "Пётр"}
    assert found.card.orders == ()
    assert found.requirement.soft == ()


async def test_the_category_bought_most_is_required(bench: Bench) -> None:
    await bench.ordered("T-1", items=(item("phones"), item("kitchen", 2)))
    await bench.ordered("T-2", items=(item("phones", 2),))
    found = await bench.crm.identify(bench.shops[TEPLO], "", "89161234567")

    assert found.requirement.soft == (("product.phones", 3),)


async def test_a_language_that_agents_speak_is_required(bench: Bench) -> None:
    await bench.ordered("T-1", language="uk")
    found = await bench.crm.identify(bench.shops[TEPLO], "", "89161234567")

    assert found.requirement.hard[0] == ("lang.uk", 5)


async def test_a_language_that_nobody_speaks_well_falls_back_to_the_shops(
    bench: Bench,
) -> None:
    await bench.ordered("T-1", language="en")
    found = await bench.crm.identify(bench.shops[TEPLO], "", "89161234567")

    assert found.card.customers[0].language == "en"
    assert found.requirement.hard[0] == ("lang.ru", 5)


async def test_the_newest_orders_and_conversations_come_first(bench: Bench) -> None:
    await bench.ordered("T-old", placed_at=NOON - 9000)
    await bench.ordered("T-new", placed_at=NOON - 1000)
    await bench.ordered("T-mid", placed_at=NOON - 5000)
    shop = bench.shops[TEPLO]
    before = await bench.crm.identify(shop, "", "89161234567")
    customer = before.card.customers[0].customer
    records = [
        call_record(f"call-{n}", customer=customer, ended_at=NOON + n)
        for n in (1, 3, 2)
    ]
    await bench.ledger.record(records, (), ())
    await bench.ledger.save_disposition(
        said(Disposition.INFORMED, None, call=CallId("call-3"), note="ждёт", at=NOON)
    )
    found = await bench.crm.identify(shop, "", "89161234567")

    assert [o.number for o in found.card.orders] == ["T-new", "T-mid", "T-old"]
    contacts = found.card.contacts
    assert [c.at[-3:] for c in contacts] == ["03Z", "02Z", "01Z"]
    assert (contacts[0].agent, contacts[0].disposition) == ("Анна", "informed")
    assert (contacts[0].note, contacts[1].disposition) == ("ждёт", "answered")


async def test_conversations_of_others_are_not_shown(bench: Bench) -> None:
    await bench.ordered("T-1")
    await bench.ledger.record(
        [
            call_record("call-1", customer=CustomerId("somebody")),
            call_record("call-2", agent=AgentId("a01")),
        ],
        (),
        (),
    )
    found = await bench.crm.identify(bench.shops[TEPLO], "", "89161234567")

    assert found.card.contacts == ()


async def test_the_roster_names_shops_and_agents(bench: Bench) -> None:
    roster = await bench.directory.roster()

    assert [shop.shop for shop in roster.shops] == ["svitlo", "teplo"]
    assert roster.shops[1].numbers == ("+74950000101",)
    assert roster.shops[1].caller_id == "+74950000101"
    bogdan = roster.agents[1]
    assert (bogdan.endpoint, bogdan.phone_mode) == ("PJSIP/a02", "ring")
    assert (bogdan.auto_answer, bogdan.srtp) == (AutoAnswer.BOTH, False)
    assert (roster.agents[0].auto_answer, roster.agents[0].srtp) == (
        AutoAnswer.ALERT_INFO,
        None,
    )
    assert bogdan.shops == ("svitlo", "teplo")
    assert bogdan.skills == {
        "lang.ru": 6,
        "lang.uk": 9,
        "lang.en": 3,
        "shop.teplo": 5,
        "shop.svitlo": 6,
    }
    assert roster.version == await bench.directory.roster_version() >= 1
