"""The migrations make exactly the tables the program uses, and take them back."""

import pytest
from sqlalchemy import insert, select

from callengine.engine.ports import StoreDown
from callengine.store import Database, migrate
from callengine.store import tables as t


async def test_migrating_up_gives_exactly_the_tables_of_the_program(
    empty: Database,
) -> None:
    await migrate.upgrade(empty)

    assert await migrate.differences(empty) == []
    assert await migrate.current(empty) == migrate.newest()


async def test_a_missing_index_would_be_noticed(empty: Database) -> None:
    await migrate.upgrade(empty)
    async with empty.write() as connection:
        await connection.exec_driver_sql("DROP INDEX ix_orders_dialable")

    assert [kind for kind, *_ in await migrate.differences(empty)] == ["add_index"]


async def test_migrating_down_leaves_nothing_and_up_again_works(
    empty: Database,
) -> None:
    await migrate.upgrade(empty)
    await migrate.downgrade(empty)

    assert await migrate.current(empty) is None
    added = [kind for kind, *_ in await migrate.differences(empty)]
    assert added.count("add_table") == len(t.metadata.tables)

    await migrate.upgrade(empty)
    assert await migrate.differences(empty) == []


async def test_migrating_twice_changes_nothing(empty: Database) -> None:
    await migrate.upgrade(empty)
    async with empty.write() as connection:
        await connection.execute(insert(t.roster_versions).values(one=1, version=7))
    await migrate.upgrade(empty)

    async with empty.read() as connection:
        kept = await connection.execute(select(t.roster_versions.c.version))
        assert kept.scalar_one() == 7


async def test_an_empty_database_says_what_to_run(empty: Database) -> None:
    with pytest.raises(migrate.SchemaMismatch, match="run `callengine migrate`"):
        await migrate.require_current(empty)

    await migrate.upgrade(empty)
    await migrate.require_current(empty)


async def test_a_database_of_a_newer_version_is_refused(empty: Database) -> None:
    await migrate.upgrade(empty)
    async with empty.write() as connection:
        await connection.exec_driver_sql(
            "UPDATE alembic_version SET version_num = '9999'"
        )

    with pytest.raises(migrate.SchemaMismatch, match="newer callengine"):
        await migrate.require_current(empty)


async def test_a_database_that_does_not_answer_is_a_clear_error() -> None:
    database = Database.open("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    with pytest.raises(StoreDown):
        await migrate.current(database)
    await database.close()


def test_an_address_of_another_database_is_refused() -> None:
    with pytest.raises(ValueError, match="sqlite\\+aiosqlite"):
        Database.open("mysql://localhost/callengine")


async def test_rows_of_the_first_schema_outlive_the_second_and_the_way_back(
    empty: Database,
) -> None:
    await migrate.upgrade(empty, "0001")
    async with empty.write() as connection:
        for statement in (
            "INSERT INTO shops VALUES ('teplo', 'Teplo', 'ru', 'RU', 'RUB',"
            " 'Europe/Moscow', 'teplo', '', '', '', true, false, 'trunk', 900, 3600,"
            " '', '', '', '')",
            "INSERT INTO customers VALUES ('c1', 'teplo', NULL, 'Anna', 'ru', '', '',"
            " 0)",
            "INSERT INTO customer_phones VALUES ('teplo', '+79161234567', 'c1', '')",
            "INSERT INTO agents VALUES ('anna', 'Anna', '', '', 'ring')",
            "INSERT INTO agent_skills VALUES ('anna', 'lang.ru', 5)",
        ):
            await connection.exec_driver_sql(statement)

    for revision, move in (("head", migrate.upgrade), ("0001", migrate.downgrade)):
        await move(empty, revision)
        async with empty.read() as connection:
            for table, first in (
                ("customer_phones", "teplo"),
                ("agent_skills", "anna"),
            ):
                kept = await connection.exec_driver_sql(f"SELECT * FROM {table}")
                assert kept.one()[0] == first
    assert await migrate.current(empty) == "0001"


async def test_the_trunk_that_a_shop_named_stays_its_first(empty: Database) -> None:
    await migrate.upgrade(empty, "0004")
    async with empty.write() as connection:
        for shop, trunk in (("teplo", "north"), ("svitlo", "trunk")):
            await connection.exec_driver_sql(
                "INSERT INTO shops (shop, name, language, region, currency, zone,"
                " queue, greeting, music, caller_id, dial_orders, delivery_required,"
                " trunk, goal_s, callback_s, shop_url, shop_secret, logistics_url,"
                f" logistics_secret) VALUES ('{shop}', 'x', 'ru', 'RU', 'RUB',"
                f" 'Europe/Moscow', 'q', '', '', '', true, false, '{trunk}', 900, 3600,"
                " '', '', '', '')"
            )
    await migrate.upgrade(empty)
    async with empty.write() as connection:
        kept = await connection.execute(select(t.shops.c.shop, t.shops.c.trunks))
        assert dict(kept.all()) == {"teplo": "north", "svitlo": ""}
        await connection.exec_driver_sql(
            "UPDATE shops SET trunks = 'east west' WHERE shop = 'teplo'"
        )
    await migrate.downgrade(empty, "0004")
    async with empty.read() as connection:
        back = await connection.exec_driver_sql("SELECT shop, trunk FROM shops")
        assert dict(back.all()) == {"teplo": "east", "svitlo": "trunk"}


async def test_messages_that_waited_keep_their_order_after_the_eighth(
    empty: Database,
) -> None:
    await migrate.upgrade(empty, "0007")
    async with empty.write() as connection:
        for name, order, change, state in (
            ("m1", "o1", 1, "delivered"),
            ("m2", "o1", 2, "waiting"),
            ("m3", "o1", 3, "waiting"),
            ("m4", "o2", 1, "waiting"),
        ):
            due = "NULL" if state == "delivered" else "5.0"
            await connection.exec_driver_sql(
                "INSERT INTO outbox (message, shop, order_id, receiver, change,"
                " content_hash, type, body, state, tries, created_at, next_try_at,"
                f" error) VALUES ('{name}', 's', '{order}', 'shop', {change}, '', 't',"
                f" '{{}}', '{state}', 0, 1.0, {due}, '')"
            )
    o = t.outbox.c
    due = select(o.message).where(o.next_try_at.is_not(None)).order_by(o.message)

    await migrate.upgrade(empty)
    async with empty.read() as connection:
        assert list((await connection.execute(due)).scalars()) == ["m2", "m4"]

    await migrate.downgrade(empty, "0007")
    async with empty.read() as connection:
        assert list((await connection.execute(due)).scalars()) == ["m2", "m3", "m4"]
