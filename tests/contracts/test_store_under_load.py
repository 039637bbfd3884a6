"""The database under two processes at once, and the plans of its busy statements."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from callengine.engine.ports import StoreDown
from callengine.store import Database, Store
from callengine.store.configuration import apply_plan
from callengine.store.order_book import _dialable
from callengine.store.profile_statement import BY_NUMBER, OF_CUSTOMER
from tests.support.stores import (
    NOON,
    PLAN,
    QUICK_HASHER,
    TEPLO,
    call_record,
    copy_of,
    order,
    store_over,
)


async def test_two_processes_write_at_once_and_neither_fails(
    migrated_file: Path, tmp_path: Path
) -> None:
    url = copy_of(migrated_file, tmp_path)
    one, two = store_over(Database.open(url)), store_over(Database.open(url))
    await apply_plan(one.db, PLAN, NOON, hasher=QUICK_HASHER)

    async def calls(store: Store, name: str) -> None:
        for n in range(30):
            await store.ledger.record([call_record(f"{name}-{n}")], (), ())

    await asyncio.gather(calls(one, "one"), calls(two, "two"))
    async with one.db.read() as connection:
        found = await connection.exec_driver_sql("SELECT count(*) FROM calls")
        assert found.scalar_one() == 60
    await one.close()
    await two.close()


async def test_the_same_order_sent_by_two_at_once_is_created_once(store: Store) -> None:
    await apply_plan(store.db, PLAN, NOON, hasher=QUICK_HASHER)
    verdicts = await asyncio.gather(
        *(store.intake.take(TEPLO, order("T-1"), NOON) for _ in range(8))
    )

    assert sorted(v.taken_as.value for v in verdicts) == ["created"] + ["same"] * 7
    assert len({v.order.order.order for v in verdicts}) == 1


async def test_a_lead_is_claimed_by_one_of_many(store: Store) -> None:
    await apply_plan(store.db, PLAN, NOON, hasher=QUICK_HASHER)
    for n in range(12):
        await store.intake.take(TEPLO, order(f"T-{n}"), NOON)
    claims = await asyncio.gather(*(store.order_book.due(NOON, 5) for _ in range(5)))
    orders = [lead.order for leads in claims for lead in leads]

    assert len(orders) == len(set(orders)) == 12


async def test_a_batch_that_fails_leaves_nothing_behind(store: Store) -> None:
    broken = call_record("call-2", ended_at=None)
    with pytest.raises(Exception, match=r"(?i)null"):
        await store.ledger.record([call_record("call-1"), broken], (), ())

    async with store.db.read() as connection:
        found = await connection.exec_driver_sql("SELECT count(*) FROM calls")
        assert found.scalar_one() == 0
    await store.ledger.record([call_record("call-1")], (), ())


async def test_hostile_texts_of_records_are_cut_and_kept(store: Store) -> None:
    record = call_record("call-1", number="9" * 500, dialled_number="\x00" * 3 + "7")
    await store.ledger.record([record], (), ())
    history = await store.archive.why(record.call)

    assert history is not None
    assert history.call is not None
    assert history.call.number == "9" * 64
    assert history.call.dialled_number == "7"


async def test_a_missing_file_system_is_store_down(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreDown):
        Database.open(f"sqlite+aiosqlite:///{tmp_path}/file/callengine.db")


async def test_no_busy_statement_reads_a_whole_table(
    migrated_file: Path, tmp_path: Path
) -> None:
    db = Database.open(copy_of(migrated_file, tmp_path))
    async with db.read() as connection:
        dialect = connection.dialect
        looks = {
            "by number": BY_NUMBER.on(dialect, {"shop": "s", "wanted": "n"}),
            "of customer": OF_CUSTOMER.on(dialect, {"shop": "s", "wanted": "c"}),
        }
        due: Any = _dialable(NOON).limit(5).compile(dialect=dialect)
        arguments = tuple(due.params[name] for name in due.positiontup)
        looks["due"] = (due.string, arguments)
        for what, (sql, values) in looks.items():
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
            steps = [str(row["detail"]) for row in rows.mappings()]
            # Of these there are a few rows: those just found, those that wait.
            small = ("who", "recent", "recent_calls", "orders USING INDEX ix_orders_di")
            scans = [step for step in steps if step.startswith("SCAN")]
            whole = [s for s in scans if not s.removeprefix("SCAN ").startswith(small)]
            assert whole == [], f"{what}: {steps}"
            by_shop = [s for s in steps if "ix_orders_shop_stage" in s]
            assert by_shop == [], f"{what}: {steps}"
    await db.close()
