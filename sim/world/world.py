"""
A whole system for a run: Redis, Asterisk, database, engine, receivers.

    async with World(plan, shops, say) as world:
        ...

Leaving takes everything down, whatever happened; `world.remains` then tells what
was still alive in Asterisk or on the machine.
"""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from callengine.asterisk.pbx import Pbx
from callengine.store import Database
from sim.ports import is_free
from sim.processes import Child, run_to_end, start_child
from sim.receiver.app import Receiver
from sim.receiver.ledger import SIDES
from sim.shops.generate import load_demo
from sim.sipp.sounds import Sounds, make_sounds
from sim.waiting import at_once, until
from sim.world.ari import alive
from sim.world.books import Books
from sim.world.books_reading import read_books
from sim.world.database import database_of
from sim.world.engine_api import EngineApi
from sim.world.plan import Plan
from sim.world.redis import own_redis
from sim.world.remains import Family, Remains
from sim.world.shops import Credentials, ShopsFile, read_credentials
from sim.world.steps import Say, Steps
from sim.world.template import Template, template_for

PROGRAMS = {
    "sipp": "sip-tester",
    "baresip": "baresip-core",
    "redis-server": "redis-server",
    "espeak-ng": "espeak-ng",
    "sox": "sox",
    "setpriv": "util-linux",
    "stdbuf": "coreutils",
}
_MARK = ".run-of-sim"


class WorldFailed(Exception):
    """The system cannot be brought up; the text says what to do."""


class World:
    """
    One system; an async context manager, to be used once.

    Attributes:
        beside: what else to bring up, done while the engine starts; phones can
            register by then.
        books: what the engine wrote down of the run, once that is over.
    """

    def __init__(self, plan: Plan, shops: ShopsFile, say: Say) -> None:
        self.plan = plan
        self.shops = shops
        self.pbx = Pbx(plan.pbx())
        self.receiver = Receiver({})
        self.credentials = Credentials()
        self.api = EngineApi(plan)
        self.family = Family()
        self.remains = Remains()
        self.steps = Steps(say)
        self.database = database_of(plan)
        self.beside: Callable[[], Awaitable[None]] = _nothing
        self.books = Books()
        self.since = time.time()
        self.engine: Child | None = None
        self.engine_env: dict[str, str] = {}
        """What the engine alone is told, beside the plan's settings."""
        self.redis: Child | None = None
        self.sounds: Sounds | None = None
        self._stack = AsyncExitStack()
        self._engine_starts = 0
        self._is_up = False

    async def __aenter__(self) -> "World":
        check_programs()
        try:
            await self._bring_up()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.family.look()
        await self._stack.aclose()
        self.remains.processes = self.family.alive()

    async def _bring_up(self) -> None:
        fresh_folder(self.plan.folder)
        self.plan.write_secrets()
        self.receiver.port = self.usual_receiver_port()
        await self._stack.enter_async_context(self.receiver)
        await self._stack.enter_async_context(self.api)
        # Asterisk takes longest to be told of its phones, the engine to start.
        await at_once(
            self._make_sounds(),
            self._start_redis(),
            self._start_asterisk(),
            self._start_database(),
        )
        await at_once(self._start_phones(), self._start_engine())
        self._is_up = True

    async def _make_sounds(self) -> None:
        async with self.steps.step("Making the sounds of simulated people"):
            sounds = self.plan.folder.parent / "sounds"
            self.sounds = await asyncio.to_thread(make_sounds, sounds)

    async def _start_redis(self) -> None:
        async with self.steps.step("Starting Redis"):
            self.redis = await self._stack.enter_async_context(own_redis(self.plan))

    async def _start_asterisk(self) -> None:
        async with self.steps.step("Starting Asterisk"):
            await self._stack.enter_async_context(self.pbx)

    async def _start_database(self) -> None:
        self._stack.push_async_callback(self.database.close)
        async with self.steps.step("Loading shops, agents and customers"):
            await self.load()

    async def _start_phones(self) -> None:
        async with self.steps.step("Telling Asterisk of agents and numbers"):
            await self.provision()
        await self.beside()

    async def _start_engine(self) -> None:
        self._stack.push_async_callback(self._wind_down)
        async with self.steps.step("Starting the engine"):
            await self.start_engine()

    def usual_receiver_port(self) -> int:
        """Say where an earlier run's receivers were, if there is room; else 0."""
        port = self._template().receiver_port()
        return port if port and is_free(port) else 0

    def _template(self) -> Template:
        run, kind = self.plan.folder, self.plan.database_kind
        return template_for(run.parent, self.shops.path, kind=kind)

    async def load(self) -> None:
        """Make the database, or take an earlier run's; tell it of our receivers."""
        run, template, port = self.plan.folder, self._template(), self.receiver.port
        if not await self.database.open(template):
            await self.callengine("migrate")
            await self.apply()
            await load_customers(self.plan)
            await self.database.keep(template, receiver_port=port)
        elif port != template.receiver_port():
            await self.apply()
        self.credentials = read_credentials(run / "credentials.json")
        self.receiver.secrets = self.credentials.secrets

    async def apply(self) -> None:
        """Apply the file, whose receivers the environment tells."""
        urls = {
            f"{shop.shop}_{side}_url".upper(): self.receiver.url(shop.shop, side)
            for shop in self.shops.shops
            for side in SIDES
        }
        made = str(self.plan.folder / "credentials.json")
        argv = ("apply", str(self.shops.path), "--secrets-out", made)
        await self.callengine(*argv, within_s=120, env=urls)

    async def provision(self) -> None:
        """Tell Asterisk of phones, queues and numbers."""
        await self.callengine("provision")

    async def callengine(
        self, *argv: str, within_s: float = 60, env: dict[str, str] | None = None
    ) -> None:
        """Run one of our own commands to its end. Raises `ChildFailed`."""
        await run_to_end(
            [sys.executable, "-m", "callengine", *argv],
            name=f"callengine {argv[0]}",
            log=self.plan.folder / f"{argv[0]}.log",
            within_s=within_s,
            env=self.plan.env() | (env or {}),
        )

    async def start_engine(self) -> None:
        """Start the engine and wait until it is ready. Raises `ChildFailed`."""
        self._engine_starts += 1
        self.engine = await start_child(
            [sys.executable, "-m", "callengine", "--log-json", "run"],
            name="engine",
            log=self.plan.folder / f"engine-{self._engine_starts}.log",
            env=self.plan.env() | self.engine_env,
        )
        ready = asyncio.create_task(self.api.until_ready(within_s=30))
        ended = asyncio.create_task(self.engine.process.wait())
        try:
            await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
            self.engine.check()
            try:
                await ready
            except TimeoutError:
                raise WorldFailed(
                    f"the engine is not ready after 30 s:\n{self.engine.tail()}"
                ) from None
        finally:
            ready.cancel()
            ended.cancel()

    async def kill_engine(self) -> None:
        """Kill the engine as a crash does (`kill -9`)."""
        assert self.engine is not None
        await self.engine.stop(ask=signal.SIGKILL)

    async def until_quiet(self, *, within_s: float) -> bool:
        """Wait until Asterisk has no channel; whether it came to that."""

        async def no_channel() -> bool:
            return not (await alive(self.plan)).channels

        return await until(no_channel, every_s=0.2, within_s=within_s)

    async def _wind_down(self) -> None:
        """Stop the engine, then see what it left in Asterisk."""
        self.family.look()
        if self.engine is not None:
            await self.engine.stop(grace_s=15)
        if self._is_up:  # else it failed, and says why
            url = self.plan.database_url
            self.books = await read_books(url, since=self.since)
        try:
            left = await alive(self.plan)
        except (aiohttp.ClientError, TimeoutError):
            return  # Asterisk itself is gone; what was in it is too
        self.remains.channels = list(left.channels)
        self.remains.bridges = list(left.bridges)


async def load_customers(plan: Plan) -> None:
    """Give the sample shops their customers; other shops get none."""
    database = Database.open(plan.database_url)
    try:
        await load_demo(database, now=time.time())
    finally:
        await database.close()


async def _nothing() -> None:
    return


def check_programs() -> None:
    """Raise `WorldFailed` naming the packages that are missing."""
    missing = sorted({PROGRAMS[name] for name in PROGRAMS if not shutil.which(name)})
    if missing:
        raise WorldFailed(f"Missing: {', '.join(missing)}. Do: apt install those.")


def fresh_folder(folder: Path) -> None:
    """Empty the folder of an earlier run; refuse one that is not ours."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARK).exists():
            raise WorldFailed(f"{folder} holds something else; name another folder.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    os.chmod(folder, 0o700)
    (folder / _MARK).touch()
