"""Callers of the demo: who calls which number, and how patient they are."""

import socket
from collections.abc import Iterator
from pathlib import Path
from random import Random

from sim.ports import free_ports
from sim.shops.people import RU, UA, number_of
from sim.sipp.run import Sipp, SippSettings
from sim.world.books_reading import known_numbers
from sim.world.plan import TRUNK_ADDRESS
from sim.world.shops import DemoShop
from sim.world.world import World

SHARES = {
    "caller_waits_for_the_agent_to_end": 0.72,
    "caller_talks_then_hangs_up": 0.22,
    "caller_abandons_while_waiting": 0.06,
}
FOR_A_GUEST = {
    "caller_talks_as_long_as_the_agent_likes": 0.94,
    "caller_abandons_while_waiting": 0.06,
}
"""Nobody hangs up on a person who tries out what an agent does."""
WITHHELD = "anonymous"
_COUNTRY = {"RU": RU, "UA": UA}
_UNKNOWN = 9_000_000
"""Nobody in the customer base has a number from here on."""
_LINES = 3000


class Callers:
    """
    One SIPp per temper; together they call at a rate.

    Args:
        known: numbers of customers by shop.
        shares: of each temper, by its scenario.
    """

    def __init__(
        self,
        world: World,
        known: dict[str, list[str]],
        *,
        rate: float,
        seed: int,
        shares: dict[str, float],
    ) -> None:
        self._lines_each = _LINES // len(shares)
        self._tempers = len(shares)
        self._rng = Random(seed)
        self._world = world
        self._known = known
        ports = free_ports(len(shares), host=TRUNK_ADDRESS, kind=socket.SOCK_DGRAM)
        self.runs = [
            Sipp(self._settings(index, name, rate * share, ports[index]))
            for index, (name, share) in enumerate(shares.items())
        ]

    @classmethod
    async def of(
        cls, world: World, *, rate: float, seed: int, shares: dict[str, float]
    ) -> "Callers":
        """Make those of a world whose database is loaded."""
        url = world.plan.database_url
        known = {
            shop.shop: await known_numbers(url, shop.shop, _LINES)
            for shop in world.shops.shops
        }
        return cls(world, known, rate=rate, seed=seed, shares=shares)

    def _settings(self, index: int, name: str, rate: float, port: int) -> SippSettings:
        world = self._world
        assert world.sounds is not None
        return SippSettings(
            scenario=name,
            folder=Path(world.plan.folder) / "callers" / name,
            address=TRUNK_ADDRESS,
            port=port,
            target=world.plan.registrar,
            numbers=list(self._lines(index)),
            calls_per_s=rate,
            first_media_port=world.plan.sipp_rtp_first + 200 * (index + 1),
            sounds=world.sounds.folder,
        )

    def _lines(self, index: int) -> Iterator[str]:
        """Make `caller;host;dialled`; after half an hour the first call again."""
        shops = self._world.shops.shops
        for n in range(self._lines_each):
            shop = shops[n % len(shops)]
            caller, host = self._caller(shop, n * self._tempers + index)
            yield f"{caller};{host};{self._rng.choice(shop.numbers)}"

    def _caller(self, shop: DemoShop, n: int) -> tuple[str, str]:
        kind = self._rng.uniform(0, 1)
        if kind < 0.05:
            return WITHHELD, "anonymous.invalid"
        known = self._known[shop.shop]
        if kind < 0.70 and n < len(known):
            return known[n], TRUNK_ADDRESS
        return number_of(_COUNTRY[shop.region], _UNKNOWN + n), TRUNK_ADDRESS
