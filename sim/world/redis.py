"""A Redis of the run's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sim.processes import Child, ChildFailed, running
from sim.world.plan import Plan


@asynccontextmanager
async def own_redis(plan: Plan) -> AsyncIterator[Child]:
    """Run redis-server on loopback; its data is in the run's folder."""
    data = plan.folder / "redis"
    data.mkdir(parents=True, exist_ok=True)
    argv = ["redis-server", "--bind", "127.0.0.1", "--port", str(plan.redis_port)]
    argv += ["--dir", str(data), "--appendonly", "yes", "--save", ""]
    async with running(argv, name="redis", log=plan.folder / "redis.log") as child:
        await _answers(child, plan.redis_port)
        yield child


async def _answers(child: Child, port: int) -> None:
    try:
        async with asyncio.timeout(10):
            while not await _pong(port):
                child.check()
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise ChildFailed(f"redis does not answer:\n{child.tail()}") from None


async def _pong(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(b"PING\r\n")
        return await reader.readline() == b"+PONG\r\n"
    finally:
        writer.close()
