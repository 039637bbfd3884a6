"""
Who stands in for the engine: the fallback queues' members, kept in step.

Each agent has a device of ours beside their phone, and the queues look at both. It is
kept by Asterisk, so that it holds while no engine runs, over a restart of Asterisk too.
"""

import asyncio
from collections.abc import Callable, Collection

import structlog

from callengine.asterisk.ari.client import AriClient
from callengine.engine.ports import TelephonyError

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
MOST_AT_ONCE = 100
"""Devices told in one look: a whole shift that logs in is told within seconds."""
AWAY = "BUSY"
HERE = "UNAVAILABLE"
"""Asterisk joins the states of several devices: one that is busy makes the member busy,
one that is unavailable leaves the word to the phone."""


def device_of(login: str) -> str:
    """Name the device that says whether an agent is at work."""
    return f"Stasis:callengine-{login}"


class Members:
    """
    Tells Asterisk who is at work.

    Args:
        everybody: logins of all agents.
        at_work: those who take calls; the others are not to be rung.
        up: whether Asterisk is connected.
    """

    def __init__(
        self,
        client: AriClient,
        *,
        everybody: Callable[[], Collection[str]],
        at_work: Callable[[], Collection[str]],
        up: Callable[[], bool],
    ) -> None:
        self._client = client
        self._everybody, self._at_work, self._up = everybody, at_work, up
        self._told: dict[str, str] = {}

    async def run(self) -> None:
        """Tell what changed, again and again; all of it after each reconnect."""
        while True:
            if not self._up():
                self._told.clear()
            else:
                await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Tell what changed since the last look; what fails is told next time."""
        here = set(self._at_work())
        wanted = {login: HERE if login in here else AWAY for login in self._everybody()}
        changed = [login for login in wanted if self._told.get(login) != wanted[login]]
        for login in changed[:MOST_AT_ONCE]:
            try:
                await self._client.applications.set_device(
                    device_of(login), wanted[login]
                )
            except TelephonyError as error:
                log.warning("fallback member not told", agent=login, error=str(error))
                return
            self._told[login] = wanted[login]
