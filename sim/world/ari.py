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
    async with _asking(plan) as http:
        found = []
        for what in ("channels", "bridges"):
            async with http.get(what) as response:
                response.raise_for_status()
                found.append(tuple(str(each["id"]) for each in await response.json()))
    return Alive(*found)


async def hang_up_phone(plan: Plan, login: str) -> None:
    """End the calls of an agent's phone. Raises as `alive` does."""
    async with _asking(plan) as http:
        async with http.get("channels") as response:
            response.raise_for_status()
            channels = await response.json()
        for channel in channels:
            if str(channel["name"]).startswith(f"PJSIP/{login}-"):
                await http.delete(f"channels/{channel['id']}")


def _asking(plan: Plan) -> aiohttp.ClientSession:
    who = {"Authorization": aiohttp.encode_basic_auth("callengine", plan.ari_password)}
    limit = aiohttp.ClientTimeout(total=10)
    base = f"http://127.0.0.1:{plan.ari_port}/ari/"
    return aiohttp.ClientSession(base, headers=who, timeout=limit)
