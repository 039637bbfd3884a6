"""A look at what lives in Asterisk, from outside the engine."""

from dataclasses import dataclass

import aiohttp

from sim.world.plan import Plan


@dataclass(frozen=True, slots=True)
class Alive:
    """Ids of what lives in Asterisk at one moment."""

    channels: tuple[str, ...]
    bridges: tuple[str, ...]


async def alive(plan: Plan) -> Alive:
    """List channels and bridges. Raises `aiohttp.ClientError` or `TimeoutError`."""
    who = {"Authorization": aiohttp.encode_basic_auth("callengine", plan.ari_password)}
    limit = aiohttp.ClientTimeout(total=10)
    base = f"http://127.0.0.1:{plan.ari_port}/ari/"
    async with aiohttp.ClientSession(base, headers=who, timeout=limit) as http:
        found = []
        for what in ("channels", "bridges"):
            async with http.get(what) as response:
                response.raise_for_status()
                found.append(tuple(str(each["id"]) for each in await response.json()))
    return Alive(*found)
