"""A simulated agent whose page drops with a card open comes back to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from sim.agent_log import Habits
from sim.agents import SimulatedAgent
from sim.sipp.run import Sipp
from sim.waiting import until
from sim.world.books_reading import known_numbers
from sim.world.plan import Timing, make_plan
from sim.world.shops import read_shops
from sim.world.staff import Staff
from sim.world.world import World
from tests.e2e.test_agent_page_live import SHOP, caller

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

HABITS = Habits(talks_s=(6.0, 6.5), wraps_up_s=(4.0, 4.5), lets_the_other_end=0.0)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def staff(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Staff]:
    """One agent at work."""
    folder: Path = tmp_path_factory.mktemp("world")
    shops = read_shops(Path(__file__).parent / "one_agent.toml")
    plan = make_plan(folder / "run", timing=Timing(wrap_up_s=30))
    async with (
        World(plan, shops, print) as world,
        Staff(world, seed=1, habits=HABITS) as staff,
    ):
        yield staff


@pytest.mark.parametrize("state", ["talking", "wrap_up"])
async def test_the_card_is_served_though_the_page_dropped(
    staff: Staff, state: str
) -> None:
    (agent,) = staff.agents
    number = (await known_numbers(staff.world.plan.database_url, SHOP, 1))[0]
    saved = len(staff.log.saved)

    async def in_state() -> bool:
        return bool(shown(agent) == [state])

    async def done() -> bool:
        return len(staff.log.saved) > saved and agent.ready.is_set()

    async with Sipp(caller(staff.world, number, SHOP)):
        assert await until(in_state, every_s=0.05, within_s=30)
        assert agent.desktop is not None
        dropped = agent.desktop
        await dropped.disconnect()
        assert await until(done, every_s=0.1, within_s=30), staff.log.mishaps

    assert agent.desktop is not dropped
    assert staff.log.mishaps == []
    assert len(staff.log.saved) == saved + 1


def shown(agent: SimulatedAgent) -> list[str]:
    """List the states of the cards that are open on the agent's page."""
    cards = agent.desktop.cards.values() if agent.desktop is not None else ()
    return [card.state for card in cards if card.closed is None]
