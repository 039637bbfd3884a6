"""How a real engine ends: in time whatever hangs, fenced, or refused to begin."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from redis.asyncio import Redis

from callengine.coordination.journal import RedisJournal
from sim.processes import Child, innermost, run_to_end, start_child
from sim.waiting import until
from sim.world.plan import Plan, make_plan
from sim.world.redis import own_redis

ENDS_WITHIN_S = 10.0
STARTS_WITHIN_S = 60.0
COMMAND = [sys.executable, "-m", "callengine", "--log-json"]
FENCED = 4


class Office:
    """An engine with its own Redis and database, and an Asterisk that never answers."""

    def __init__(self, plan: Plan, redis: Child, silent: socket.socket) -> None:
        self.plan, self.redis = plan, redis
        port = str(silent.getsockname()[1])
        self.env = plan.env() | {"CALLENGINE_ARI__PORT": port}
        self.engine: Child | None = None

    async def start(self) -> Child:
        """Start the engine; return when its API answers."""
        self.engine = await start_child(
            [*COMMAND, "run"],
            name="engine",
            log=self.plan.folder / "engine.log",
            env=self.env,
        )
        assert await until(self.answers, every_s=0.1, within_s=STARTS_WITHIN_S), (
            self.engine.tail()
        )
        return self.engine

    async def answers(self) -> bool:
        """Whether the API answers."""
        limit = aiohttp.ClientTimeout(total=2)
        try:
            async with (
                aiohttp.ClientSession(self.plan.api_url, timeout=limit) as http,
                http.get("/healthz") as response,
            ):
                return response.status == 200
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    async def ended(self) -> tuple[int, float]:
        """Ask the engine to end; its exit code and how long it took."""
        assert self.engine is not None
        began = time.monotonic()
        self.engine.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(self.engine.process.wait(), 60)
        return code, time.monotonic() - began


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    plan = make_plan(tmp_path / "run")
    plan.write_secrets()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with own_redis(plan) as redis:
            office = Office(plan, redis, silent)
            await run_to_end(
                [*COMMAND, "migrate"],
                name="migrate",
                log=plan.folder / "migrate.log",
                within_s=120,
                env=office.env,
            )
            try:
                yield office
            finally:
                redis.send_signal(signal.SIGCONT)
                if office.engine is not None:
                    await office.engine.stop(ask=signal.SIGKILL)


async def test_it_ends_in_order_while_asterisk_hangs(office: Office) -> None:
    engine = await office.start()
    code, took_s = await office.ended()
    assert code == 0, engine.tail()
    assert took_s < ENDS_WITHIN_S


async def test_it_ends_in_time_while_redis_hangs(office: Office) -> None:
    engine = await office.start()
    office.redis.send_signal(signal.SIGSTOP)
    code, took_s = await office.ended()
    assert code == 0, engine.tail()
    assert took_s < ENDS_WITHIN_S


async def test_a_hung_engine_is_replaced_by_its_parent(office: Office) -> None:
    engine = await office.start()
    hung = innermost(engine.pid)
    os.kill(hung, signal.SIGSTOP)

    async def replaced() -> bool:
        worker = innermost(engine.pid)
        return worker not in (hung, engine.pid) and await office.answers()

    assert await until(replaced, every_s=0.2, within_s=STARTS_WITHIN_S), engine.tail()
    code, took_s = await office.ended()
    assert code == 0, engine.tail()
    assert took_s < ENDS_WITHIN_S


async def test_a_second_start_is_refused_and_harms_nothing(office: Office) -> None:
    await office.start()
    pid_file = office.plan.folder / "engine.pid"
    before = await asyncio.to_thread(pid_file.read_text)
    second = await asyncio.to_thread(
        subprocess.run,
        [*COMMAND, "run"],
        env={**os.environ, **office.env},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 1
    assert f"as process {before.strip()}" in second.stderr
    assert await asyncio.to_thread(pid_file.read_text) == before
    assert await office.answers()
    code, _ = await office.ended()
    assert code == 0


async def test_a_fenced_engine_closes_its_api_and_says_so(office: Office) -> None:
    engine = await office.start()
    url = f"redis://127.0.0.1:{office.plan.redis_port}/0"
    redis, other = Redis.from_url(url), RedisJournal.open(url)
    await redis.delete("callengine:{n1}:lease")
    await other.acquire("n1")
    try:
        code = await asyncio.wait_for(engine.process.wait(), 60)
    finally:
        await other.close()
        await redis.aclose()
    assert code == FENCED, engine.tail()
    said = engine.log.read_text()
    assert "fenced: another engine has our calls; api closed" in said
    assert "Another engine runs as node 'n1'" in said
    assert not await office.answers()
