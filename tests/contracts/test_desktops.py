"""Every `Desktops` numbers an agent's messages one by one and never waits."""

import json
from collections.abc import Callable

import pytest

from callengine.api.hub import DesktopHub
from callengine.core.ids import AgentId
from callengine.engine.ports import Desktops
from callengine.testing.desktops import MemoryDesktops

ANNA, BORIS = AgentId("anna"), AgentId("boris")
Read = Callable[[], list[dict[str, object]]]


def _memory() -> tuple[Desktops, Read]:
    desktops = MemoryDesktops()
    return desktops, lambda: desktops.shown[ANNA]


def _hub() -> tuple[Desktops, Read]:
    hub = DesktopHub()
    desktop = hub.open(ANNA, abort=lambda: None)

    def read() -> list[dict[str, object]]:
        return [json.loads(text) for text in desktop.read_all()]

    return hub, read


@pytest.fixture(params=[_memory, _hub])
def pair(request: pytest.FixtureRequest) -> tuple[Desktops, Read]:
    made: tuple[Desktops, Read] = request.param()
    return made


def test_versions_grow_by_one_and_per_agent(pair: tuple[Desktops, Read]) -> None:
    desktops, read = pair
    desktops.show(ANNA, {"type": "agent", "agent": {}})
    desktops.show(BORIS, {"type": "agent", "agent": {}})
    desktops.show(ANNA, {"type": "card_closed", "call": "c1", "reason": "rona"})

    shown = read()

    assert [m["version"] for m in shown] == [1, 2]
    assert [m["type"] for m in shown] == ["agent", "card_closed"]
    assert shown[1]["reason"] == "rona"


def test_showing_to_nobody_is_harmless(pair: tuple[Desktops, Read]) -> None:
    desktops, read = pair

    desktops.show(BORIS, {"type": "agent", "agent": {}})

    assert read() == []
