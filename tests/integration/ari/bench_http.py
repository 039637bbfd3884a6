"""
What one command costs: aiohttp's client against ours, on a real Asterisk.

    python -m tests.integration.ari.bench_http

Figures and what follows from them: docs/adr/0010-own-http-for-commands.md.
"""

import asyncio
import resource
import time
from collections.abc import Awaitable, Callable

import aiohttp
import uvloop

from callengine.asterisk.ari.http import HttpPool, HttpSettings
from callengine.asterisk.pbx import PbxConfig
from tests.support.servers import run_pbx

COMMANDS = 6000
TARGET = "/ari/bridges/none/addChannel?channel=a%2Cb"
Command = Callable[[], Awaitable[None]]


async def measure(name: str, command: Command, at_once: int) -> None:
    """Print rate, latency and CPU of this process per command."""
    left = iter(range(COMMANDS))
    took: list[float] = []

    async def worker() -> None:
        for _ in left:
            began = time.perf_counter()
            await command()
            took.append(time.perf_counter() - began)

    await command()
    cpu, began = _cpu_s(), time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    cpu, wall = _cpu_s() - cpu, time.perf_counter() - began
    took.sort()
    print(
        f"{name:8} x{at_once:<3} {COMMANDS / wall:7.0f}/s"
        f"  CPU {cpu / COMMANDS * 1e6:4.0f} us"
        f"  p50 {took[COMMANDS // 2] * 1e3:5.2f} ms"
        f"  p99 {took[COMMANDS * 99 // 100] * 1e3:5.2f} ms"
    )


async def main(config: PbxConfig) -> None:
    """Alternate the two, so that both see the same machine."""
    settings = HttpSettings(port=config.ari_port, password=config.ari_password)
    pool = HttpPool(settings)
    url = f"http://{settings.host}:{settings.port}{TARGET}"
    headers = {"Authorization": settings.authorization()}
    connector = aiohttp.TCPConnector(limit=settings.connections, keepalive_timeout=10)
    timeout = aiohttp.ClientTimeout(total=settings.within_s)

    async def ours() -> None:
        assert (await pool.request("POST", TARGET)).status == 404

    async with aiohttp.ClientSession(
        connector=connector, headers=headers, timeout=timeout
    ) as session:

        async def theirs() -> None:
            async with session.post(url) as reply:
                await reply.read()
                assert reply.status == 404

        for at_once in (1, 8, 32):
            for _ in range(2):
                await measure("aiohttp", theirs, at_once)
                await measure("ours", ours, at_once)
    await pool.close()


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    with run_pbx() as pbx:
        uvloop.run(main(pbx.config))
