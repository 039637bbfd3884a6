"""Phones of real Asterisk, watched over AMI."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest

from callengine.asterisk.ami import AmiSettings, EndpointWatch
from callengine.asterisk.pbx import Pbx
from callengine.asterisk.provision import Provision
from callengine.core.facts import ChannelAnswered, ChannelGone, EndpointChanged
from callengine.core.ids import AgentId, ChannelId, ShopId
from callengine.engine.ports import PhoneAccount
from tests.integration.ami.registrar import registered
from tests.integration.ari.conftest import telephony_on
from tests.integration.ari.people import customers
from tests.support.facts import FactLog
from tests.support.ports import free_port
from tests.support.servers import run_pbx
from tests.support.waiting import until

PASSWORD = "sip-password-of-a-test"


@pytest.fixture(scope="module")
def phones_pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    """An Asterisk with two phones: one at a fixed address, one that registers."""
    accounts = tuple(
        PhoneAccount(
            agent=AgentId(login),
            login=login,
            name=login.title(),
            sip_password=PASSWORD,
            phone_mode="ring",
            shops=(ShopId("teplo"),),
        )
        for login in ("anna", "boris")
    )
    contacts = {"anna": "sip:anna@127.0.0.1:9"}
    with run_pbx() as pbx, customers(pbx, tmp_path_factory.mktemp("sipp")):
        asyncio.run(pbx.provision(Provision(accounts=accounts, contacts=contacts)))
        yield pbx


@pytest.fixture
async def told(phones_pbx: Pbx) -> AsyncIterator[FactLog]:
    told = FactLog(within_s=10.0)
    watch = watch_of(phones_pbx, told)
    running = asyncio.create_task(watch.run())
    yield told
    running.cancel()
    await asyncio.wait({running})


def watch_of(pbx: Pbx, told: FactLog, password: str | None = None) -> EndpointWatch:
    """Watch an Asterisk's phones."""
    settings = AmiSettings(
        port=pbx.config.ami_port, password=password or pbx.config.ami_password
    )
    return EndpointWatch(settings, told, asyncio.get_running_loop().time, Random(1))


async def test_phones_are_told_as_they_are_at_the_start(told: FactLog) -> None:
    anna = await told.wait(EndpointChanged, endpoint="PJSIP/anna")
    boris = await told.wait(EndpointChanged, endpoint="PJSIP/boris")
    assert (anna.reachable, anna.in_use) == (True, False)
    assert (boris.reachable, boris.in_use) == (False, False)


async def test_a_phone_that_registers_becomes_reachable_until_it_leaves(
    phones_pbx: Pbx, told: FactLog, tmp_path: Path
) -> None:
    await told.wait(EndpointChanged, endpoint="PJSIP/boris", reachable=False)
    port = free_port(udp=True)
    boris = partial(registered, phones_pbx, tmp_path, "boris", PASSWORD, port=port)
    await boris(expires_s=60)
    await told.wait(EndpointChanged, endpoint="PJSIP/boris", reachable=True)
    await boris(expires_s=0)
    await told.until(
        lambda: not told.all(EndpointChanged, endpoint="PJSIP/boris")[-1].reachable,
        "boris gone",
    )


async def test_an_endpoint_in_a_call_is_in_use(phones_pbx: Pbx, told: FactLog) -> None:
    await told.wait(EndpointChanged, endpoint="PJSIP/trunk", in_use=False)
    facts = FactLog(within_s=10.0)
    async with telephony_on(phones_pbx, facts) as telephony:
        channel = ChannelId("in-use.cust")
        await telephony.originate(
            channel,
            "PJSIP/+79160000000@trunk",
            caller_id="1",
            timeout_s=20,
            auto_answer=None,
        )
        await facts.wait(ChannelAnswered, channel=channel)
        await told.wait(EndpointChanged, endpoint="PJSIP/trunk", in_use=True)
        await telephony.hang_up(channel, cause=16)
        await facts.wait(ChannelGone, channel=channel)
    await told.until(
        lambda: not told.all(EndpointChanged, endpoint="PJSIP/trunk")[-1].in_use,
        "trunk free",
    )


async def test_a_wrong_password_is_said_to_be_refused(phones_pbx: Pbx) -> None:
    watch = watch_of(phones_pbx, FactLog(), password="wrong")
    running = asyncio.create_task(watch.run())
    try:
        await until(lambda: bool(watch.refused), within_s=10)
    finally:
        running.cancel()
        await asyncio.wait({running})
    assert "Authentication failed" in watch.refused
    assert not watch.up


async def test_who_fails_to_log_in_is_in_asterisks_security_log(
    phones_pbx: Pbx,
) -> None:
    kept = phones_pbx.config.home / "log" / "security.log"
    watch = watch_of(phones_pbx, FactLog(), password="wrong")
    running = asyncio.create_task(watch.run())
    try:
        await until(
            lambda: kept.exists() and "InvalidPassword" in kept.read_text(),
            within_s=10,
        )
    finally:
        running.cancel()
        await asyncio.wait({running})
    (line, *_) = [x for x in kept.read_text().splitlines() if "InvalidPassword" in x]
    assert "127.0.0.1" in line
    assert "wrong" not in line.split("SecurityEvent")[1]
