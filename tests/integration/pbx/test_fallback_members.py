"""The fallback queues ring those who are at work, on real `Queue()`."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callengine.asterisk.ari.client import AriClient
from callengine.asterisk.ari.http import HttpSettings
from callengine.asterisk.ari.members import Members
from callengine.asterisk.pbx import Pbx
from callengine.asterisk.provision import Provision
from sim.sipp.run import Sipp, SippSettings
from sim.sipp.sounds import make_sounds
from sim.waiting import until
from tests.support.ports import free_port
from tests.support.shops import make_account, make_shop

EVERYBODY = ("anna", "boris")


class Shift:
    """Who is at work, as an engine says it to a real Asterisk."""

    def __init__(self, pbx: Pbx) -> None:
        config = pbx.config
        self.pbx = pbx
        self.here: set[str] = set()
        self.client = AriClient(
            HttpSettings(port=config.ari_port, password=config.ari_password)
        )
        self.members = Members(
            self.client,
            everybody=lambda: EVERYBODY,
            at_work=lambda: self.here,
            up=lambda: True,
        )

    async def begin(self, *here: str) -> None:
        """Say who is at work, and wait until the queue knows."""
        self.here = set(here)
        await self.members.look()

        async def known() -> bool:
            shown = (await self.pbx.console("queue show north")).splitlines()
            lines = {n: x for n in EVERYBODY for x in shown if f"PJSIP/{n}" in x}
            return all(
                ("Not in use" in lines.get(n, "")) == (n in self.here)
                for n in EVERYBODY
            )

        assert await until(known, every_s=0.1, within_s=10), await self.pbx.console(
            "queue show north"
        )


@pytest.fixture
async def shift(pbx: Pbx) -> AsyncIterator[Shift]:
    shift = Shift(pbx)
    yield shift
    await shift.client.close()


@pytest.fixture
async def phone(pbx: Pbx, tmp_path: Path) -> AsyncIterator[Sipp]:
    """One phone process at which both agents can be reached."""
    port = free_port(udp=True)
    make_sounds(tmp_path / "sounds")
    await pbx.provision(
        Provision(
            shops=(make_shop(),),
            accounts=tuple(map(make_account, EVERYBODY)),
            contacts={n: f"sip:{n}@127.0.0.1:{port}" for n in EVERYBODY},
        )
    )
    settings = SippSettings(
        scenario="agents_answer_and_end",
        folder=tmp_path / "agents",
        address="127.0.0.1",
        port=port,
        pause_ms=300,
        sounds=tmp_path / "sounds",
    )
    async with Sipp(settings) as phones:
        yield phones


def caller(pbx: Pbx, folder: Path) -> SippSettings:
    return SippSettings(
        scenario="caller_waits_for_the_agent_to_end",
        folder=folder / "caller",
        address="127.0.0.2",
        port=free_port(udp=True, host="127.0.0.2"),
        target=f"127.0.0.1:{pbx.config.sip_port}",
        numbers=["+79160000001;127.0.0.2;+74950000001"],
        calls=1,
        sounds=folder / "sounds",
    )


@pytest.mark.parametrize("here", EVERYBODY)
async def test_only_who_is_at_work_is_rung(
    pbx: Pbx, shift: Shift, phone: Sipp, tmp_path: Path, here: str
) -> None:
    await shift.begin(here)
    async with Sipp(caller(pbx, tmp_path)) as customer:
        await customer.finished(within_s=30)
    rang = {moment.who for moment in phone.moments() if moment.what == "rang"}
    assert rang == {here}


async def test_nobody_at_work_rings_nobody_until_somebody_comes(
    pbx: Pbx, shift: Shift, phone: Sipp, tmp_path: Path
) -> None:
    await shift.begin()
    async with Sipp(caller(pbx, tmp_path)) as customer:

        async def waits() -> bool:
            return "1. PJSIP" in await pbx.console("queue show north")

        assert await until(waits, every_s=0.2, within_s=10)
        assert not phone.moments()
        await shift.begin("boris")
        await customer.finished(within_s=30)
    rang = {moment.who for moment in phone.moments() if moment.what == "rang"}
    assert rang == {"boris"}
