"""Serving a desktop's cards: what happens when the desktop goes."""

import asyncio

import pytest

from sim.desktop import Desktop, DesktopError, SeenCard, attend


class Dropped(Desktop):
    """A desktop whose connection is a flag."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1")
        self.up = True

    @property
    def connected(self) -> bool:
        return self.up

    def drop(self) -> None:
        self.up = False
        self.changed.set()


async def stay(desktop: Desktop) -> None:
    while desktop.connected:
        desktop.changed.clear()
        await desktop.changed.wait()


async def test_a_desktop_that_drops_with_a_card_open_lets_its_agent_go() -> None:
    desktop, waits = Dropped(), asyncio.Event()

    async def serve(_desktop: Desktop, card: SeenCard) -> None:
        waits.set()
        await card.until(lambda c: c.closed is not None)  # never: nobody tells it

    desktop.opened.put_nowait(SeenCard("c1", 0.0, {"call": "c1"}))
    async with asyncio.timeout(5):
        attending = asyncio.create_task(attend(desktop, stay, serve))
        await waits.wait()
        desktop.drop()
        await attending


async def test_a_refusal_while_serving_ends_the_attendance() -> None:
    desktop = Dropped()

    async def serve(_desktop: Desktop, _card: SeenCard) -> None:
        raise DesktopError("disposition: no reply")

    desktop.opened.put_nowait(SeenCard("c1", 0.0, {"call": "c1"}))
    async with asyncio.timeout(5):
        with pytest.raises(DesktopError, match="no reply"):
            await attend(desktop, stay, serve)
