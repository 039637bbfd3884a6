"""A system with many agents: on fixed addresses at one SIPp, with native queues."""

import asyncio
import time
from pathlib import Path

from argon2 import PasswordHasher

from callengine.store import Database
from callengine.store.configuration import apply_plan, read_plan
from sim.bench.roster import GROUPS, Group, provision, shops_toml
from sim.waiting import until
from sim.world.plan import Plan
from sim.world.shops import Credentials, DemoShop, ShopsFile
from sim.world.steps import Say
from sim.world.world import World, WorldFailed


class BenchWorld(World):
    """A `World` whose agents all sit at one SIPp, `agents_at` (`HOST:PORT`)."""

    def __init__(
        self,
        plan: Plan,
        agents_at: str,
        say: Say,
        *,
        groups: tuple[Group, ...] = GROUPS,
    ) -> None:
        logins = [login for group in groups for login in group.logins()]
        shops = [DemoShop(group.shop, "RU", (group.number,)) for group in groups]
        super().__init__(plan, ShopsFile(Path("bench.toml"), shops, logins), say)
        self._agents_at = agents_at
        self._groups = groups

    def usual_receiver_port(self) -> int:
        """Say nothing: a benchmark's roster is made anew each time."""
        return 0

    async def load(self) -> None:
        """Apply the benchmark's roster; nobody guesses, so passwords are cheap."""
        await self.database.open()
        await self.callengine("migrate")
        path = self.plan.folder / "bench.toml"
        path.write_text(shops_toml(self._groups))
        database = Database.open(self.plan.database_url)
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        try:
            applied = await apply_plan(
                database, read_plan(path), time.time(), hasher=cheap
            )
        finally:
            await database.close()
        made = applied.credentials
        self.credentials = Credentials(
            passwords={name: own["password"] for name, own in made.agents.items()},
            keys={shop: own["api_key"] for shop, own in made.shops.items()},
        )

    async def provision(self) -> None:
        """Tell Asterisk of the fixed addresses and the native queues too."""
        await self.pbx.provision(provision(self._groups, self._agents_at))

    async def all_ready(self) -> None:
        """Make every agent ready, without desktops. Raises `WorldFailed`."""
        if await self._ready(within_s=1.0):
            return
        gate = asyncio.Semaphore(16)

        async def one(login: str) -> None:
            async with gate:
                await self.api.make_ready(login)

        await asyncio.gather(*map(one, self.shops.agents))
        if not await self._ready(within_s=30):
            raise WorldFailed("the agents do not become ready")

    async def _ready(self, *, within_s: float) -> bool:
        wanted = len(self.shops.agents)

        async def ready() -> bool:
            floor = await self.api.floor()
            return bool(floor["agents"].get("ready", 0) >= wanted)

        return await until(ready, every_s=0.2, within_s=within_s)
