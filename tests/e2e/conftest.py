"""The demo's whole system, real in every part, for tests from end to end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from sim.demo.guest import Guest
from sim.demo.welcome import TIMING
from sim.world.plan import make_plan
from sim.world.shops import read_shops
from sim.world.staff import Staff
from sim.world.world import World

GUEST = "a01"
"""The only agent: her place is the test's."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: object) -> AsyncIterator[World]:
    """A system with one shop; nothing of it is left afterwards."""
    folder: Path = tmp_path_factory.mktemp("world")  # type: ignore[attr-defined]
    shops = read_shops(Path(__file__).parent / "one_agent.toml")
    world = World(make_plan(folder / "run", timing=TIMING), shops, print)
    async with world:
        yield world
    assert world.remains.processes == []
    assert world.remains.channels == []
    assert world.remains.bridges == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def staff(world: World) -> AsyncIterator[Staff]:
    """The agent's phone, and the customers'."""
    async with Staff(world, seed=1, guest=GUEST) as staff:
        yield staff


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guest(world: World, staff: Staff) -> AsyncIterator[Guest]:
    """Her phone: it answers by itself and hangs up when the test says so."""
    phone = staff.phones[GUEST]
    async with Guest(world.plan, phone, answers_itself=True, say=print) as guest:
        yield guest
