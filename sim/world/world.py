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
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from callengine.asterisk.pbx import Pbx
from callengine.store import Database
from sim.processes import Child, run_to_end, start_child
from sim.receiver.app import Receiver
from sim.receiver.ledger import SIDES
from sim.shops.generate import load_demo
from sim.sipp.sounds import Sounds, make_sounds
from sim.waiting import until
from sim.world.ari import alive
from sim.world.engine_api import EngineApi
from sim.world.plan import Plan
from sim.world.redis import own_redis
from sim.world.remains import Family, Remains
from sim.world.shops import Credentials, ShopsFile, read_credentials
from sim.world.steps import Say, Steps
from sim.world.template import template_for

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
    """One system; an async context manager, to be used once."""

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
        self.engine: Child | None = None
        self.redis: Child | None = None
        self.sounds: Sounds | None = None
        self._stack = AsyncExitStack()
        self._engine_starts = 0

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
        plan, step = self.plan, self.steps.step
        fresh_folder(plan.folder)
        plan.write_secrets()
        async with step("Making the sounds of simulated people"):
            sounds = plan.folder.parent / "sounds"
            self.sounds = await asyncio.to_thread(make_sounds, sounds)
        async with step("Starting Redis"):
            self.redis = await self._stack.enter_async_context(own_redis(plan))
        await self._stack.enter_async_context(self.receiver)
        async with step("Loading shops, agents and customers"):
            await self.load()
        async with step("Starting Asterisk"):
            await self._stack.enter_async_context(self.pbx)
            await self.provision()
        async with step("Starting the engine"):
            await self._stack.enter_async_context(self.api)
            self._stack.push_async_callback(self._wind_down)
            await self.start_engine()

    async def load(self) -> None:
        """Make the database, or take an earlier run's; tell it of our receivers."""
        run = self.plan.folder
        template = template_for(run.parent, self.shops.path)
        if await asyncio.to_thread(template.use, run):
            await self.apply()
        else:
            await self.callengine("migrate")
            await self.apply()
            await load_customers(self.plan)
            await asyncio.to_thread(template.keep, run)
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
            env=self.plan.env(),
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
        try:
            left = await alive(self.plan)
        except (aiohttp.ClientError, TimeoutError):
            return  # Asterisk itself is gone; what was in it is too
        self.remains.channels = list(left.channels)
        self.remains.bridges = list(left.bridges)


async def load_customers(plan: Plan) -> None:
    """Give the sample shops their customers; other shops get none."""
    database = Database.open(plan.env()["CALLENGINE_DATABASE_URL"])
    try:
        await load_demo(database, now=time.time())
    finally:
        await database.close()


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
