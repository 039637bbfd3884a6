"""A supervisor acts for an agent over the admin's calls."""

import pytest

from callengine.core.ids import AgentId
from tests.adapters.api.conftest import World

ADMIN = {"Authorization": "Bearer admin-token"}


@pytest.mark.parametrize("what", ["ready", "pause", "logout"])
async def test_it_takes_the_admin_token(world: World, what: str) -> None:
    reply = await world.client.post(f"/api/v1/agents/anna/{what}")
    assert reply.status == 401


@pytest.mark.parametrize(
    ("what", "state"), [("ready", "ready"), ("pause", "paused"), ("logout", "offline")]
)
async def test_it_is_done_for_the_agent(world: World, what: str, state: str) -> None:
    reply = await world.client.post(f"/api/v1/agents/anna/{what}", headers=ADMIN)
    assert reply.status == 200
    assert world.engine.agent_view(AgentId("anna")).state == state


async def test_an_agent_nobody_knows_is_said_so(world: World) -> None:
    reply = await world.client.post("/api/v1/agents/nobody/ready", headers=ADMIN)
    assert reply.status == 404
    assert (await reply.json())["error"]["code"] == "unknown_agent"
