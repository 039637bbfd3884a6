"""The system of a live run: one shop, agents at one SIPp, orders that are all due."""

import itertools
import socket
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from callengine.core.ids import ShopId
from callengine.core.memory import FinishedAttempt
from callengine.engine.ports import NewItem, NewOrder
from callengine.store import Database, Store
from sim.bench.roster import Group
from sim.bench.world import BenchWorld
from sim.livedialer.fates import Service, agent_lines, customer_lines, fates
from sim.livedialer.morning import write
from sim.ports import free_ports
from sim.shops.people import RU, number_of
from sim.sipp.run import SippSettings
from sim.world.plan import TRUNK_ADDRESS, Plan, Timing, make_plan
from sim.world.steps import Say
from sim.world.world import WorldFailed
from sim.worlds.dialer_people import People

SHOP = "live"
NUMBER = "+74955550004"
FIRST_CUSTOMER = 7_000_000
LONGEST_WRAP_UP_S = 900
"""The engine's; the agents' own wrap-ups are far shorter."""
ORDERS_AT_ONCE = 200


def group_of(agents: int, now: float) -> Group:
    """Make the team, somewhere where it is noon."""
    return Group(SHOP, "live", NUMBER, agents, dials_orders=True, zone=noon_zone(now))


def noon_zone(now: float) -> str:
    """
    Name a zone where it is about noon, since nobody may be called at night.

    The hours of `Etc/` zones count west of Greenwich, against all habit.
    """
    west = datetime.fromtimestamp(now, UTC).hour - 12
    return f"Etc/GMT{west:+d}"


def plan_of(folder: Path, people: People) -> Plan:
    """Choose places; nobody is kept free, for nobody calls in."""
    return make_plan(
        folder.absolute(),
        timing=Timing(
            ring_s=20,
            wrap_up_s=LONGEST_WRAP_UP_S,
            relax_after_s=0,
            max_wait_s=120,
            customer_ring_s=round(people.ring_s),
            keep_free=0,
        ),
    )


class LiveWorld(BenchWorld):
    """A `BenchWorld` of one team whose agents have desktops."""

    def __init__(
        self,
        plan: Plan,
        agents: int,
        say: Say,
        *,
        earlier: Sequence[FinishedAttempt] = (),
    ) -> None:
        self.earlier = earlier
        (self._agents_port,) = free_ports(1, kind=socket.SOCK_DGRAM)
        at = f"127.0.0.1:{self._agents_port}"
        super().__init__(plan, at, say, groups=(group_of(agents, time.time()),))

    async def load(self) -> None:
        """Make the database, with what the shop has dialled earlier in the day."""
        await super().load()
        url = self.plan.database_url
        await write(url, SHOP, self.earlier)

    def customers(self, people: People, seed: int, count: int) -> SippSettings:
        """Make the phones of those who are called."""
        assert self.sounds is not None
        return SippSettings(
            scenario="customers_meet_their_fates",
            folder=self.plan.folder / "customers",
            address=TRUNK_ADDRESS,
            port=self.plan.trunk_port,
            first_media_port=self.plan.sipp_rtp_first,
            numbers=customer_lines(fates(people, seed), people, count),
            pause_ms=round(people.setup_s * 1000),
            sounds=self.sounds.folder,
        )

    def phones(self, services: list[Service]) -> SippSettings:
        """Make the agents' phones."""
        assert self.sounds is not None
        return SippSettings(
            scenario="agents_talk_as_long_as_told",
            folder=self.plan.folder / "agents",
            address="127.0.0.1",
            port=self._agents_port,
            first_media_port=self.plan.phones_rtp_first,
            numbers=agent_lines(services),
            sounds=self.sounds.folder,
        )

    async def take_orders(self, count: int) -> None:
        """Put orders into the database, all of them due now. Raises `WorldFailed`."""
        database = Database.open(self.plan.database_url)
        ids = (f"live-{n}" for n in itertools.count())
        try:
            store = Store.over(database, clock=time.time, new_id=lambda: next(ids))
            for batch in batches(orders(count)):
                taken = await store.intake.take_many(ShopId(SHOP), batch, time.time())
                refused = [one for one in taken if isinstance(one, Exception)]
                if refused:
                    raise WorldFailed(f"an order was refused: {refused[0]}")
        finally:
            await database.close()


def orders(count: int) -> Iterator[NewOrder]:
    """Make orders, each of another customer."""
    item = NewItem(
        sku="SKU-1", name="Чайник", category="home", quantity=1, price_minor=199_000
    )
    for n in range(count):
        number = number_of(RU, FIRST_CUSTOMER + n)
        yield NewOrder(number=f"L-{n:06d}", phone=number, items=(item,))


def batches(made: Iterator[NewOrder]) -> Iterator[tuple[NewOrder, ...]]:
    """Cut orders into batches for one transaction each."""
    while batch := tuple(itertools.islice(made, ORDERS_AT_ONCE)):
        yield batch
