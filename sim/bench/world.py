"""The benchmark's system: 420 agents on fixed addresses, and native queues."""

import time
from pathlib import Path

from argon2 import PasswordHasher

from callengine.store import Database
from callengine.store.configuration import apply_plan, read_plan
from sim.bench.roster import GROUPS, provision, shops_toml
from sim.world.plan import Plan
from sim.world.shops import ShopsFile
from sim.world.steps import Say
from sim.world.world import World


class BenchWorld(World):
    """A `World` whose agents all sit at one SIPp, `agents_at` (`HOST:PORT`)."""

    def __init__(self, plan: Plan, agents_at: str, say: Say) -> None:
        logins = [login for group in GROUPS for login in group.logins()]
        super().__init__(plan, ShopsFile(Path("bench.toml"), [], logins), say)
        self._agents_at = agents_at

    async def load(self) -> None:
        """Apply the benchmark's roster; nobody logs in, so passwords are cheap."""
        path = self.plan.folder / "bench.toml"
        path.write_text(shops_toml())
        database = Database.open(self.plan.env()["CALLENGINE_DATABASE_URL"])
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        try:
            await apply_plan(database, read_plan(path), time.time(), hasher=cheap)
        finally:
            await database.close()

    async def provision(self) -> None:
        """Tell Asterisk of the fixed addresses and the native queues too."""
        await self.pbx.provision(provision(GROUPS, self._agents_at))
