"""An order is replaced while nobody talks about it, and withdrawn at any time."""

import pytest

from callengine.core.cards import Card
from callengine.core.facts import Disposition, Lead
from callengine.core.ids import AttemptId, ShopId
from callengine.core.records import Outcome
from callengine.engine.order_changes import (
    OrderQuery,
    ReplacedAs,
    WithdrawnAs,
)
from callengine.engine.ports import DispositionRefused, OrderRefused, TakenAs
from tests.support.stores import (
    NOON,
    SVITLO,
    TEPLO,
    Bench,
    attempt_of,
    delivery,
    item,
    order,
    said,
)

OTHER = (item("kitchen", 3, "K-9"),)


async def dialled(bench: Bench) -> Lead:
    """Claim the one order that is due, and begin its attempt."""
    (lead,) = await bench.order_book.due(NOON, 5)
    assert await bench.ledger.start_attempts((lead,), NOON) == ()
    return lead


async def test_an_order_nobody_has_seen_is_created(bench: Bench) -> None:
    done = await bench.order_changes.replace(TEPLO, order(), NOON)

    assert done.replaced_as is ReplacedAs.CREATED
    assert done.order == await bench.intake.find(TEPLO, "T-1")


async def test_replacing_twice_is_once(bench: Bench) -> None:
    await bench.ordered()
    one = await bench.order_changes.replace(TEPLO, order(items=OTHER), NOON)
    two = await bench.order_changes.replace(TEPLO, order(items=OTHER), NOON + 9)

    assert (one.replaced_as, two.replaced_as) == (ReplacedAs.REPLACED, ReplacedAs.SAME)
    assert one.order == two.order
    assert [i.sku for i in one.order.order.items] == ["K-9"]
    assert one.order.order.total_minor == 3 * 129900
    again = await bench.intake.take(TEPLO, order(items=OTHER), NOON)
    assert again.taken_as is TakenAs.SAME


async def test_an_order_that_was_claimed_is_dialled_with_its_new_content(
    bench: Bench,
) -> None:
    await bench.ordered()
    (stale,) = await bench.order_book.due(NOON, 5)
    await bench.order_changes.replace(
        TEPLO, order(phone="8 916 000-00-02", address="Тверская, 1"), NOON
    )

    assert await bench.ledger.start_attempts((stale,), NOON) == (stale.attempt,)
    (fresh,) = await bench.order_book.due(NOON, 5)
    assert fresh.number == "+79160000002"
    assert fresh.order == stale.order


async def test_nothing_is_replaced_while_the_customer_is_called(bench: Bench) -> None:
    await bench.ordered()
    await dialled(bench)
    done = await bench.order_changes.replace(TEPLO, order(items=OTHER), NOON)

    assert done.replaced_as is ReplacedAs.IN_CALL
    assert [i.sku for i in done.order.order.items] == ["P-1"]
    same = await bench.order_changes.replace(TEPLO, order(), NOON)
    assert same.replaced_as is ReplacedAs.SAME


@pytest.mark.parametrize(
    "disposition", [Disposition.CONFIRMED, Disposition.CHANGED, Disposition.CANCELLED]
)
async def test_what_was_agreed_is_not_replaced(
    bench: Bench, disposition: Disposition
) -> None:
    id_ = await bench.ordered()
    await bench.ledger.save_disposition(said(disposition, id_))
    done = await bench.order_changes.replace(TEPLO, order(items=OTHER), NOON)

    assert done.replaced_as is ReplacedAs.SETTLED
    assert done.order.order.stage == disposition.value


async def test_a_wrong_number_is_put_right_and_dialled_from_the_beginning(
    bench: Bench,
) -> None:
    id_ = await bench.ordered()
    await bench.ledger.save_disposition(said(Disposition.WRONG_NUMBER, id_))
    same = await bench.order_changes.replace(TEPLO, order(items=OTHER), NOON)
    other = await bench.order_changes.replace(
        TEPLO, order(phone="8 916 000-00-02"), NOON + 60
    )

    assert (same.order.order.stage, same.order.next_try_at) == ("unreachable", None)
    assert (other.order.order.stage, other.order.tries) == ("new", 0)
    (lead,) = await bench.order_book.due(NOON + 60, 5)
    assert lead.number == "+79160000002"


async def test_a_replacement_that_is_no_order_changes_nothing(bench: Bench) -> None:
    await bench.ordered()
    with pytest.raises(OrderRefused):
        await bench.order_changes.replace(TEPLO, order(phone="нет"), NOON)

    kept = await bench.intake.find(TEPLO, "T-1")
    assert kept is not None
    assert kept.phone == "+79161234567"


# --- withdrawn ---


async def test_a_withdrawn_order_is_cancelled_and_never_dialled(bench: Bench) -> None:
    await bench.ordered()
    (claimed,) = await bench.order_book.due(NOON, 5)
    done = await bench.order_changes.withdraw(TEPLO, "T-1", NOON + 5)

    assert done is not None
    assert done.withdrawn_as is WithdrawnAs.WITHDRAWN
    assert (done.order.order.stage, done.order.withdrawn_at) == ("cancelled", NOON + 5)
    assert await bench.ledger.start_attempts((claimed,), NOON) == (claimed.attempt,)
    assert await bench.order_book.due(NOON + 10**6, 5) == ()
    (told,) = await bench.told(NOON + 60)
    assert told.type == "order.cancelled"
    assert b"withdrawn by the shop" in told.body


async def test_withdrawing_twice_is_once(bench: Bench) -> None:
    await bench.ordered()
    one = await bench.order_changes.withdraw(TEPLO, "T-1", NOON)
    two = await bench.order_changes.withdraw(TEPLO, "T-1", NOON + 60)

    assert one == two
    assert len(await bench.told(NOON + 60)) == 1


async def test_an_order_that_is_not_there_is_not_withdrawn(bench: Bench) -> None:
    await bench.ordered()

    assert await bench.order_changes.withdraw(TEPLO, "T-2", NOON) is None
    assert await bench.order_changes.withdraw(SVITLO, "T-1", NOON) is None


async def test_logistics_is_told_that_an_agreed_delivery_is_off(bench: Bench) -> None:
    id_ = await bench.ordered()
    await bench.ledger.save_disposition(
        said(Disposition.CONFIRMED, id_, delivery=delivery())
    )
    await bench.told()
    done = await bench.order_changes.withdraw(TEPLO, "T-1", NOON + 60)

    assert done is not None
    assert done.order.order.delivery is not None
    assert done.order.order.delivery.status == "cancelled"
    assert [m.type for m in await bench.told(NOON + 60)] == [
        "delivery.cancelled",
        "order.cancelled",
    ]


@pytest.mark.parametrize("outcome", [Outcome.NO_ANSWER, Outcome.BUSY, Outcome.BRIDGED])
async def test_an_order_in_a_call_is_cancelled_when_the_attempt_ends(
    bench: Bench, outcome: Outcome
) -> None:
    await bench.ordered()
    lead = await dialled(bench)
    done = await bench.order_changes.withdraw(TEPLO, "T-1", NOON + 5)
    assert done is not None
    assert done.withdrawn_as is WithdrawnAs.IN_CALL
    assert (done.order.order.stage, await bench.told()) == ("dialling", [])

    record = attempt_of(lead, outcome, next_try_at=NOON + 600)
    await bench.ledger.record((), (record,), ())

    view = await bench.intake.find(TEPLO, "T-1")
    assert view is not None
    assert (view.order.stage, view.next_try_at) == ("cancelled", None)
    assert [m.type for m in await bench.told(NOON + 60)] == ["order.cancelled"]
    assert await bench.order_book.due(NOON + 10**6, 5) == ()


async def test_an_agent_cannot_confirm_what_was_withdrawn(bench: Bench) -> None:
    id_ = await bench.ordered()
    await dialled(bench)
    await bench.order_changes.withdraw(TEPLO, "T-1", NOON + 5)
    with pytest.raises(DispositionRefused, match="withdrawn this order"):
        await bench.ledger.save_disposition(said(Disposition.CONFIRMED, id_))

    await bench.ledger.save_disposition(said(Disposition.CALLBACK, id_, at=NOON + 9))
    view = await bench.intake.find(TEPLO, "T-1")
    assert view is not None
    assert (view.order.stage, view.next_try_at) == ("cancelled", None)
    assert [m.type for m in await bench.told(NOON + 60)] == ["order.cancelled"]


@pytest.mark.parametrize("dies", [True, False])
async def test_an_attempt_that_leaves_no_record_leaves_no_order_in_between(
    bench: Bench, dies: bool
) -> None:
    await bench.ordered()
    lead = await dialled(bench)
    await bench.order_changes.withdraw(TEPLO, "T-1", NOON + 5)
    if dies:
        assert await bench.order_book.release_all() == 1
    else:
        await bench.order_book.release((lead.attempt,))

    view = await bench.intake.find(TEPLO, "T-1")
    assert view is not None
    assert view.order.stage == "cancelled"
    assert await bench.order_book.due(NOON + 10**6, 5) == ()


# --- many at once ---


async def test_a_batch_takes_each_order_by_itself(bench: Bench) -> None:
    await bench.ordered("T-1")
    verdicts = await bench.order_changes.take_many(
        TEPLO,
        [
            order("T-1"),
            order("T-2"),
            order("T-2"),
            order("T-2", items=OTHER),
            order("T-3", phone="нет"),
        ],
        NOON,
    )

    assert verdicts[:4] == [
        TakenAs.SAME,
        TakenAs.CREATED,
        TakenAs.SAME,
        TakenAs.CONFLICT,
    ]
    refused = verdicts[4]
    assert isinstance(refused, OrderRefused)
    assert refused.field == "customer.phone"


async def test_a_list_has_every_order_once_over_its_pages(bench: Bench) -> None:
    for n in range(7):
        await bench.intake.take(TEPLO, order(f"T-{n}"), NOON + n // 3)
    await bench.intake.take(SVITLO, order("S-1", phone="067 123 45 67"), NOON)
    seen: list[str] = []
    after = None
    while page := await bench.order_changes.listed(
        TEPLO, OrderQuery(after=after, limit=2)
    ):
        seen += [line.number for line in page]
        after = (page[-1].received_at, page[-1].order)

    assert sorted(seen) == [f"T-{n}" for n in range(7)]
    assert seen[0] == "T-6"


async def test_a_list_may_be_of_a_stage_a_phone_or_a_time(bench: Bench) -> None:
    await bench.intake.take(TEPLO, order("T-1"), NOON)
    await bench.intake.take(TEPLO, order("T-2", phone="89160000002"), NOON + 60)
    await bench.order_changes.withdraw(TEPLO, "T-1", NOON + 70)

    async def numbers(shop: ShopId = TEPLO, **asked: object) -> list[str]:
        query = OrderQuery(**asked)  # type: ignore[arg-type]
        return [x.number for x in await bench.order_changes.listed(shop, query)]

    assert await numbers() == ["T-2", "T-1"]
    assert await numbers(stages=("cancelled",)) == ["T-1"]
    assert await numbers(stages=("new", "cancelled")) == ["T-2", "T-1"]
    assert await numbers(phone="+79160000002") == ["T-2"]
    assert await numbers(since=NOON + 60) == ["T-2"]
    assert await numbers(until=NOON + 60) == ["T-1"]
    assert await numbers(SVITLO) == []


async def test_phones_and_comments_of_an_order_are_on_its_card(bench: Bench) -> None:
    phone = "8 916 123-45-67, 8 916 000-00-02 доб. 5"
    await bench.ordered(phone=phone, comment="Код 7")
    (lead,) = await bench.order_book.due(NOON, 5)

    assert isinstance(lead.card, Card)
    assert lead.number == "+79161234567"
    assert lead.card.customers[0].phones == ("+79160000002", "+79161234567")
    assert lead.card.orders[0].comment == "Код 7\nphone: +79160000002, ext. 5"
    found = await bench.crm.identify(bench.shops[TEPLO], "84950000101", "89160000002")
    assert found.card.identification == "found"
    assert AttemptId(lead.attempt)
