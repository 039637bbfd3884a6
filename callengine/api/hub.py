"""
Where screen-pops go: open desktops of agents, each with a bounded queue.

The engine calls `show` on the path of a call: it costs a counter when no desktop is
open, and a queue slot per open one. Encoding happens later, in each desktop's own
sender. A desktop that does not keep up is cut off, never waited for.
"""

import asyncio
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import orjson

from callengine.core.cards import Card
from callengine.core.ids import AgentId
from callengine.engine.face import CardView

CAPACITY = 64
"""Messages a browser may leave unread."""

_CARD_FIELDS = tuple(f.name for f in fields(Card))

Frame = tuple[dict[str, Any], int | None]
"""A message as it was shown, and its version (None for replies)."""


class Desktop:
    """One open page of an agent; `abort` drops its connection at once."""

    def __init__(self, agent: AgentId, abort: Callable[[], None]) -> None:
        self.agent = agent
        self._abort = abort
        self._frames: asyncio.Queue[Frame] = asyncio.Queue(CAPACITY)
        self.is_cut_off = False

    def put(self, message: dict[str, Any], version: int | None = None) -> None:
        """Queue a message; cut the desktop off when it is too far behind."""
        if self.is_cut_off:
            return
        try:
            self._frames.put_nowait((message, version))
        except asyncio.QueueFull:
            self.cut_off()

    def cut_off(self) -> None:
        """Drop the connection; the page comes back and gets a snapshot."""
        self.is_cut_off = True
        self._abort()

    def read_all(self) -> list[str]:
        """Take and encode everything unread, without waiting."""
        unread = [self._frames.get_nowait() for _ in range(self._frames.qsize())]
        return [encode(message, version) for message, version in unread]

    async def next_text(self) -> str:
        """Wait for the next message and encode it."""
        message, version = await self._frames.get()
        return encode(message, version)


class DesktopHub:
    """The `Desktops` port over open pages, with a version per agent."""

    def __init__(self) -> None:
        self._open: dict[AgentId, list[Desktop]] = {}
        self._versions: dict[AgentId, int] = {}
        self.cut_offs = 0

    def show(self, agent: AgentId, message: dict[str, Any]) -> None:
        """
        Send a message to every open desktop of an agent, without waiting.

        The message and what is inside must not be changed afterwards: it is
        encoded later. `card` may be a `CardView`, `agent` an `AgentView`.
        """
        version = self._versions.get(agent, 0) + 1
        self._versions[agent] = version
        desktops = self._open.get(agent)
        if not desktops:
            return
        for desktop in tuple(desktops):
            desktop.put(message, version)
            if desktop.is_cut_off:
                self.cut_offs += 1
                self.close(desktop)

    def open(self, agent: AgentId, abort: Callable[[], None]) -> Desktop:
        """Add a desktop; it is shown everything from now on."""
        desktop = Desktop(agent, abort)
        self._open.setdefault(agent, []).append(desktop)
        return desktop

    def close(self, desktop: Desktop) -> None:
        """Forget a desktop; forgotten already is success."""
        desktops = self._open.get(desktop.agent, [])
        if desktop in desktops:
            desktops.remove(desktop)
        if not desktops:
            self._open.pop(desktop.agent, None)

    def count(self, agent: AgentId) -> int:
        """Count the open desktops of an agent."""
        return len(self._open.get(agent, ()))

    def total(self) -> int:
        """Count all open desktops."""
        return sum(map(len, self._open.values()))

    def version(self, agent: AgentId) -> int:
        """Tell the version of the last message of an agent, 0 before any."""
        return self._versions.get(agent, 0)

    def cut_off_agent(self, agent: AgentId) -> None:
        """Drop every connection of an agent, who logged out."""
        for desktop in tuple(self._open.get(agent, ())):
            desktop.cut_off()

    def cut_off_all(self) -> None:
        """Drop every connection: the engine stops."""
        for agent in tuple(self._open):
            self.cut_off_agent(agent)


def flat_card(view: CardView) -> dict[str, Any]:
    """Lay a `CardView` out as the CARD of the desktop protocol."""
    flat = {name: getattr(view.card, name) for name in _CARD_FIELDS}
    flat.update(call=view.call, state=view.state, since=view.since, notice=view.notice)
    return flat


def encode(message: dict[str, Any], version: int | None) -> str:
    """Write a message as JSON text."""
    out = {
        k: flat_card(v) if isinstance(v, CardView) else v for k, v in message.items()
    }
    if isinstance(cards := out.get("cards"), list):
        out["cards"] = [flat_card(c) if isinstance(c, CardView) else c for c in cards]
    if version is not None:
        out["version"] = version
    return orjson.dumps(out).decode()
