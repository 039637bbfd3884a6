"""The servers that other tests lean on."""

import asyncpg
import redis.asyncio as redis

from callengine.asterisk.pbx import Pbx
from tests.support.servers import PostgresServer, RedisServer


async def test_redis_keeps_what_it_is_told(redis_server: RedisServer) -> None:
    client = redis.from_url(redis_server.database(15))
    await client.set("greeting", "hello")
    assert await client.get("greeting") == b"hello"
    await client.aclose()


async def test_each_postgres_database_is_its_own(
    postgres_server: PostgresServer,
) -> None:
    url = postgres_server.create_database("of_one_test")
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        assert await connection.fetchval("select current_database()") == "of_one_test"
        assert await connection.fetchval("show server_encoding") == "UTF8"
    finally:
        await connection.close()


async def test_asterisk_is_ready_when_the_test_begins(pbx: Pbx) -> None:
    status = await pbx.status()
    assert status.ready
    assert status.missing_modules == ()
