"""The telephony contract, in memory and over the fake REST interface."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import Random

import pytest

from callengine.asterisk.ari.client import AriClient
from callengine.asterisk.ari.http import HttpSettings
from callengine.asterisk.ari.telephony import AriTelephony
from callengine.engine.ports import Telephony
from callengine.testing.fake_ari import FakeAri
from callengine.testing.people import ABSENT, BUSY, Person
from callengine.testing.telephony import TwinTelephony
from tests.contracts.telephony_contract import TelephonyContract
from tests.support.facts import FactLog

APP = "callengine-n1"


@dataclass
class ScriptedWorld:
    """People of the twin, wherever the telephony under test is."""

    telephony: Telephony
    facts: FactLog
    twin: TwinTelephony
    bridge_prefix: str = f"{APP}-"
    answering: str = "PJSIP/anna"
    busy: str = "PJSIP/boris"
    absent: str = "PJSIP/clara"
    unreachable: str = "PJSIP/dmitri"

    def __post_init__(self) -> None:
        says_hello = Person(answers_after_s=0.01, speaks=((0.02, 0.2),))
        self.twin.people = {
            self.answering: says_hello,
            self.busy: BUSY,
            self.absent: ABSENT,
        }
        self.twin.unreachable = {self.unreachable}

    async def arrive(
        self, dialled: str, number: str, *, stays_s: float | None = None
    ) -> None:
        """Let a caller dial in."""
        shown = None if number == "anonymous" else number
        channel = self.twin.arrive(dialled, shown)
        if stays_s is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(stays_s, self.twin.hang_up_far_end, channel)


class TestInMemory(TelephonyContract):
    @pytest.fixture
    async def world(self) -> ScriptedWorld:
        facts = FactLog()
        twin = TwinTelephony(facts, asyncio.get_running_loop().time)
        return ScriptedWorld(twin, facts, twin)


class TestOverFakeAri(TelephonyContract):
    @pytest.fixture
    async def world(self) -> AsyncIterator[ScriptedWorld]:
        facts = FactLog()
        fake = FakeAri(APP, user="callengine", password="secret")
        await fake.start()
        client = AriClient(HttpSettings(port=fake.port, password="secret"))
        up = asyncio.Event()

        async def on_connected() -> None:
            up.set()

        telephony = AriTelephony(
            client,
            APP,
            sink=facts,
            clock=asyncio.get_running_loop().time,
            rng=Random(1),
            on_connected=on_connected,
        )
        running = asyncio.create_task(telephony.run())
        async with asyncio.timeout(5):
            await up.wait()
        yield ScriptedWorld(telephony, facts, fake.twin)
        running.cancel()
        await asyncio.wait({running})
        await client.close()
        await fake.stop()
